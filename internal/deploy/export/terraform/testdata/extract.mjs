// extract prints what the AWS provider of Terraform takes, for the resources that deploy export writes: a JSON object from the resource
// to its arguments and blocks. It reads the npm package @cdktf/provider-aws, which is generated from the provider's schema:
//
//	npm install --ignore-scripts @cdktf/provider-aws@21.22.1    (provider 6.25.0)
//	node extract.mjs node_modules/@cdktf/provider-aws/lib > schema.json
import fs from 'node:fs';

const kinds = ['cloudwatch-event-api-destination', 'cloudwatch-event-connection', 'cloudwatch-event-rule', 'cloudwatch-event-target',
  'cloudwatch-log-group', 'cloudwatch-metric-alarm', 'data-aws-caller-identity', 'data-aws-partition', 'data-aws-region', 'dynamodb-table',
  'iam-policy', 'iam-role', 'iam-role-policy', 'lambda-function', 'pipes-pipe', 'secretsmanager-secret', 'secretsmanager-secret-version', 'sfn-state-machine'];

// attributes reads one list of the form name: {value: …, isBlock: …, type: …, storageClassType: …}.
function attributes(text, js, types, name) {
  const all = {};
  for (const m of text.matchAll(/^ {8,12}(\w+): \{\n\s+value: (.*?),\n\s+isBlock: (true|false),\n\s+type: "(\w+)",\n\s+storageClassType: "(\w+)",/gms)) {
    const camel = m[1].replace(/_(\w)/g, (_, c) => c.toUpperCase());
    const required = new RegExp(`interface ${name} [^{]*\\{(?:(?!\\n\\}).)*readonly ${camel}:`, 's').test(types);
    const entry = {block: m[3] === 'true', type: m[5]};
    if (required) entry.required = true;
    const inside = m[2].match(/(\w+)ToHclTerraform/g)?.map((f) => f.replace(/ToHclTerraform$/, '')).find((f) => new RegExp(`function ${f}ToHclTerraform\\(`).test(js));
    if (inside) {
      const body = js.slice(js.indexOf(`function ${inside}ToHclTerraform(`));
      entry.inside = attributes(body.slice(0, body.indexOf('\n}')), js, types, inside[0].toUpperCase() + inside.slice(1));
    }
    all[m[1]] = entry;
  }
  return all;
}

const lib = process.argv[2];
const schema = {};
for (const kind of kinds) {
  // Large resources keep their blocks in a file of their own.
  const files = fs.readdirSync(`${lib}/${kind}`);
  const read = (end) => files.filter((f) => f.endsWith(end)).map((f) => fs.readFileSync(`${lib}/${kind}/${f}`, 'utf8')).join('\n');
  const js = read('.js');
  const types = read('.d.ts');
  const resource = types.match(/tfResourceType = "(\w+)"/)[1];
  const config = types.match(/interface (\w+Config) extends/)[1];
  schema[(kind.startsWith('data-') ? 'data.' : '') + resource] = attributes(js.slice(js.indexOf('synthesizeHclAttributes()')), js, types, config);
}
process.stdout.write(JSON.stringify(schema, (key, value) => (key === 'id' || key === 'tags_all') && value.type === 'string' && !value.required ? undefined : value, 1) + '\n');
