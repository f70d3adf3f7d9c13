// Answers the requests of a workload with iam-simulate, and says how much CPU time an answer takes.
//
//   node simulate.mjs validating|unvalidated WORKLOAD SECONDS
//
// The protocol is that of every contender: see ../../contender.go. The library wants the context keys that follow from a
// request spelled out, and parses the policies anew for each request. They are validated once, beforehand; requests are validated
// each time, or, unvalidated, never.
import { readFileSync } from 'node:fs'
import {
  createValidatedPolicy,
  validateIdentityPolicy,
  validateResourcePolicy,
  validateServiceControlPolicy
} from '@cloud-copilot/iam-policy'
import { runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate'

const [mode, file, seconds] = process.argv.slice(2)
const workload = JSON.parse(readFileSync(file, 'utf8'))
const policies = workload.policies

const account = arn => arn.split(':')[4]
const named = (list, validate) =>
  list.map((policy, i) => ({ name: `policy${i}`, policy: createValidatedPolicy(policy, validate, { name: `policy${i}` }) }))

function derived(request) {
  const principal = workload.principal
  const context = { ...request.context, 'aws:PrincipalAccount': account(principal) }
  const [, kind, name] = /:(user|assumed-role)\/(.*)$/.exec(principal)
  if (kind === 'user') {
    context['aws:PrincipalArn'] = principal
    context['aws:username'] = name
  } else {
    context['aws:PrincipalArn'] = `arn:aws:iam::${account(principal)}:role/${name.split('/')[0]}`
  }
  if (request.time) context['aws:CurrentTime'] = request.time
  return context
}

const shared = {
  identityPolicies: named(policies.identity, validateIdentityPolicy),
  serviceControlPolicies: (policies.scp ?? []).map((level, i) => ({
    orgIdentifier: `level${i}`,
    policies: named(level, validateServiceControlPolicy)
  })),
  resourceControlPolicies: [],
  resourcePolicy: policies.resource && createValidatedPolicy(policies.resource, validateResourcePolicy, { name: 'resource' }),
  permissionBoundaryPolicies: policies.boundary && named(policies.boundary, validateIdentityPolicy)
}

const simulations = workload.requests.map(request => ({
  request: {
    principal: workload.principal,
    action: request.action,
    resource: { resource: request.resource, accountId: account(request.resource) || account(workload.principal) },
    contextVariables: derived(request)
  },
  ...shared
}))

const words = { Allowed: 'allowed', ImplicitlyDenied: 'implicitDeny', ExplicitlyDenied: 'explicitDeny' }

async function validating(simulation) {
  const answer = await runSimulation(simulation, {})
  return answer.resultType === 'error' ? `error: ${answer.errors.message}` : words[answer.overallResult]
}

function unvalidated(simulation) {
  try {
    return words[runUnsafeSimulation(simulation, {})]
  } catch (error) {
    return `error: ${error.message}`
  }
}

const decide = { validating, unvalidated }[mode]
const cpu = () => {
  const used = process.cpuUsage()
  return (used.user + used.system) / 1e6
}

// pass decides each request once, again and again until the CPU time is used up.
async function passes(limit) {
  const began = cpu()
  let count = 0
  do {
    for (const simulation of simulations) await decide(simulation)
    count += simulations.length
  } while (cpu() - began < limit)
  return { count, seconds: cpu() - began }
}

if (Number(seconds) === 0) {
  console.log(JSON.stringify({ decisions: [await decide(simulations[0])] }))
} else {
  const decisions = []
  for (const simulation of simulations) decisions.push(await decide(simulation))
  await passes(Number(seconds))
  console.log(JSON.stringify({ decisions, ...(await passes(Number(seconds))) }))
}
