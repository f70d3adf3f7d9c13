# Operata Cloud Collector v3, by trunkline.
# A pipe reads contact records from the stream, the function redacts them, and the API destination sends them.
# Make the function's code with: make lambda FILES=trunkline.yaml, and put the zip into the bucket first.
# Apply it in account 111122223333 and Region eu-west-2, where the stream is.
# The API key comes as TF_VAR_api_key. It stands in the state: keep the state encrypted, and readable for few.
# Written by: trunkline deploy export terraform. To change it, change trunkline.yaml and write it again.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "stream_name" {
  description = "Name of the Kinesis data stream of contact records, in this account and Region."
  type        = string
  default     = "connect-contact-records"

  validation {
    condition     = can(regex("^(?:[A-Za-z0-9_.-]{1,128})$", var.stream_name))
    error_message = "Want the name of a stream, not its ARN."
  }
}

variable "group" {
  description = "The group's id at Operata, which is part of every name."
  type        = string
  default     = "5f0c7a1e"

  validation {
    condition     = length(var.group) <= 36 && can(regex("^(?:[A-Za-z0-9-]+)$", var.group))
    error_message = "Want letters, digits and -, at most 36 characters."
  }
}

variable "api_key" {
  description = "The key of the receiver's API. It is kept in the secret and shown nowhere."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^(?:[!-~]{1,512})$", var.api_key))
    error_message = "Want 1 to 512 printable characters."
  }
}

variable "key_age_days" {
  description = "After how many days without a new API key the alarm goes off."
  type        = number
  default     = 90

  validation {
    condition     = var.key_age_days >= 1 && var.key_age_days <= 3650
    error_message = "Want a number from 1 to 3650."
  }
}

variable "alarm_topic" {
  description = "ARN of the SNS topic that alarms are sent to. Without it, they only change their state."
  type        = string
  default     = ""

  validation {
    condition     = var.alarm_topic == "" || can(regex("^(?:arn:aws[a-z-]*:sns:[a-z0-9-]+:\\d{12}:[A-Za-z0-9_.-]+)$", var.alarm_topic))
    error_message = "Want the ARN of an SNS topic, or nothing."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the roles. Without it, one is made for those of pipe and function."
  type        = string
  default     = ""

  validation {
    condition     = var.permissions_boundary == "" || can(regex("^(?:arn:aws[a-z-]*:iam::(\\d{12}|aws):policy/[A-Za-z0-9/_+=,.@-]+)$", var.permissions_boundary))
    error_message = "Want the ARN of a policy, or nothing."
  }
}

variable "api_key_kms_key" {
  description = "ARN of the KMS key that the secret is encrypted with; AWS's own without it."
  type        = string
  default     = ""

  validation {
    condition     = var.api_key_kms_key == "" || can(regex("^(?:arn:aws[a-z-]*:kms:[a-z]{2}[a-z-]*-\\d+:\\d{12}:key/[A-Za-z0-9-]+)$", var.api_key_kms_key))
    error_message = "Want ARN of a KMS key, not of an alias, or nothing."
  }
}

variable "code_bucket" {
  description = "The S3 bucket, in this Region, that holds the function's zip."
  type        = string

  validation {
    condition     = length(var.code_bucket) <= 63 && can(regex("^(?:[a-z0-9][a-z0-9.-]+[a-z0-9])$", var.code_bucket))
    error_message = "Want name of a bucket."
  }
}

variable "code_object" {
  description = "The zip in it, for the architecture below. A new name updates the function."
  type        = string
  default     = "trunkline-lambda-arm64.zip"

  validation {
    condition     = length(var.code_object) <= 512 && can(regex("^(?:[A-Za-z0-9!_.'()/-]+)$", var.code_object))
    error_message = "Want the key of an object."
  }
}

variable "architecture" {
  description = "That of the zip: arm64, or x86_64 for the one named amd64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Want one of arm64, x86_64."
  }
}

variable "function_config" {
  description = "A file in the zip, an https URL, or s3://BUCKET/KEY."
  type        = string
  default     = "trunkline.yaml"

  validation {
    condition     = length(var.function_config) <= 1024 && can(regex("^(?:[!-~]+)$", var.function_config))
    error_message = "Want a file, a URL or a place in S3."
  }
}

variable "subnet_ids" {
  description = "Subnets for the function, from where it reaches AWS's services. Without them, it runs in no VPC."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for item in var.subnet_ids : can(regex("^(?:subnet-[0-9a-f]{8,17})$", item))])
    error_message = "Want ids of subnets."
  }
}

variable "security_group_ids" {
  description = "Security groups for the function; at least one with subnets."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for item in var.security_group_ids : can(regex("^(?:sg-[0-9a-f]{8,17})$", item))])
    error_message = "Want ids of security groups."
  }
}

variable "agent_bucket" {
  description = "The S3 bucket of the file that enrich.agents names."
  type        = string
  default     = ""

  validation {
    condition     = var.agent_bucket == "" || can(regex("^(?:[a-z0-9][a-z0-9.-]+[a-z0-9])$", var.agent_bucket))
    error_message = "Want name of a bucket, or nothing."
  }
}

variable "agent_object" {
  description = "The file in it."
  type        = string
  default     = "agents.csv"

  validation {
    condition     = length(var.agent_object) <= 512 && can(regex("^(?:[A-Za-z0-9!_.'()/-]+)$", var.agent_object))
    error_message = "Want the key of an object."
  }
}

variable "stream_kms_key" {
  description = "ARN of the KMS key that the stream is encrypted with."
  type        = string
  default     = ""

  validation {
    condition     = var.stream_kms_key == "" || can(regex("^(?:arn:aws[a-z-]*:kms:[a-z]{2}[a-z-]*-\\d+:\\d{12}:key/[A-Za-z0-9-]+)$", var.stream_kms_key))
    error_message = "Want ARN of a KMS key, not of an alias, or nothing."
  }
}

variable "dead_letter_kms_key" {
  description = "ARN of the KMS key that the queue is encrypted with."
  type        = string
  default     = ""

  validation {
    condition     = var.dead_letter_kms_key == "" || can(regex("^(?:arn:aws[a-z-]*:kms:[a-z]{2}[a-z-]*-\\d+:\\d{12}:key/[A-Za-z0-9-]+)$", var.dead_letter_kms_key))
    error_message = "Want ARN of a KMS key, not of an alias, or nothing."
  }
}

variable "agent_kms_key" {
  description = "ARN of the KMS key that the agents' file is encrypted with."
  type        = string
  default     = ""

  validation {
    condition     = var.agent_kms_key == "" || can(regex("^(?:arn:aws[a-z-]*:kms:[a-z]{2}[a-z-]*-\\d+:\\d{12}:key/[A-Za-z0-9-]+)$", var.agent_kms_key))
    error_message = "Want ARN of a KMS key, not of an alias, or nothing."
  }
}

variable "dead_letter_queue" {
  description = "ARN of the SQS queue for what cannot be delivered within twelve hours. Without it, a record is tried until it expires, and its shard waits."
  type        = string
  default     = ""

  validation {
    condition     = var.dead_letter_queue == "" || can(regex("^(?:arn:aws[a-z-]*:sqs:[a-z]{2}[a-z-]*-\\d+:\\d{12}:[A-Za-z0-9_-]+(\\.fifo)?)$", var.dead_letter_queue))
    error_message = "Want ARN of an SQS queue, or nothing."
  }
}

variable "pipe_log_level" {
  description = "What the pipe logs, never with the records: they are not redacted yet."
  type        = string
  default     = "OFF"

  validation {
    condition     = contains(["OFF", "ERROR", "INFO", "TRACE"], var.pipe_log_level)
    error_message = "Want one of OFF, ERROR, INFO, TRACE."
  }
}

data "aws_partition" "current" {
}

data "aws_region" "current" {
}

data "aws_caller_identity" "current" {
}

# The API key of the receiver. Its value comes from outside, and stands in no file.
resource "aws_secretsmanager_secret" "secret" {
  name                    = "cloud-collector-v3/ctr/${var.group}/apiToken"
  description             = "API key of the receiver of contact records"
  kms_key_id              = var.api_key_kms_key != "" ? var.api_key_kms_key : null
  recovery_window_in_days = 30
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }
}

resource "aws_secretsmanager_secret_version" "secret" {
  secret_id     = aws_secretsmanager_secret.secret.arn
  secret_string = var.api_key

  # A new key is put in place from outside: applying again does not take it back.
  lifecycle {
    ignore_changes = [secret_string]
  }
}

# What both roles can have at most, whatever is written into them.
resource "aws_iam_policy" "boundary" {
  count = var.permissions_boundary == "" ? 1 : 0

  name        = "operataBoundary-${var.group}"
  description = "Permissions boundary of the roles of pipe and function"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid    = "ReadStream"
        Effect = "Allow"
        Action = [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:kinesis:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stream/${var.stream_name}"
      }],
      var.stream_kms_key != "" ? [{
        Sid      = "DecryptStream"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.stream_kms_key
        Condition = {
          StringEquals = {
            "kms:ViaService" = "kinesis.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"
          }
        }
      }] : [],
      [
        {
          Sid      = "InvokeFunction"
          Effect   = "Allow"
          Action   = "lambda:InvokeFunction"
          Resource = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:operataRedactor-${var.group}"
        },
        {
          Sid    = "SendToDestination"
          Effect = "Allow"
          Action = "events:InvokeApiDestination"
          Resource = [
            "arn:${data.aws_partition.current.partition}:events:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:api-destination/operataEndpointGroup-${var.group}",
            "arn:${data.aws_partition.current.partition}:events:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:api-destination/operataEndpointGroup-${var.group}/*",
          ]
        },
      ],
      var.dead_letter_queue != "" ? [{
        Sid      = "DeadLetters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = var.dead_letter_queue
      }] : [],
      var.dead_letter_queue != "" && var.dead_letter_kms_key != "" ? [{
        Sid    = "EncryptDeadLetters"
        Effect = "Allow"
        Action = [
          "kms:Decrypt",
          "kms:GenerateDataKey",
        ]
        Resource = var.dead_letter_kms_key
        Condition = {
          StringEquals = {
            "kms:ViaService" = "sqs.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"
          }
        }
      }] : [],
      [
        {
          Sid    = "LogGroup"
          Effect = "Allow"
          Action = "logs:CreateLogGroup"
          Resource = [
            "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/operataRedactor-${var.group}",
            "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/operataRedactor-${var.group}:*",
          ]
        },
        {
          Sid    = "Logs"
          Effect = "Allow"
          Action = [
            "logs:CreateLogStream",
            "logs:PutLogEvents",
          ]
          Resource = "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/operataRedactor-${var.group}:*"
        },
        {
          Sid      = "ReadKey"
          Effect   = "Allow"
          Action   = "secretsmanager:GetSecretValue"
          Resource = "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:cloud-collector-v3/ctr/${var.group}/apiToken-??????"
        },
      ],
      var.api_key_kms_key != "" ? [{
        Sid      = "DecryptKey"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.api_key_kms_key
        Condition = {
          StringEquals = {
            "kms:ViaService" = "secretsmanager.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"
          }
        }
      }] : [],
      length(var.subnet_ids) > 0 ? [{
        Sid    = "NetworkInterfaces"
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*"
      }] : [],
      length(var.subnet_ids) > 0 ? [{
        Sid    = "NotFromItsCode"
        Effect = "Deny"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*"
        Condition = {
          ArnEquals = {
            "lambda:SourceFunctionArn" = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:operataRedactor-${var.group}"
          }
        }
      }] : [],
      var.agent_bucket != "" ? [{
        Sid      = "AgentData"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.agent_bucket}/${var.agent_object}"
        Condition = {
          StringEquals = {
            "aws:ResourceAccount" = data.aws_caller_identity.current.account_id
          }
        }
      }] : [],
      var.agent_bucket != "" && var.agent_kms_key != "" ? [{
        Sid      = "DecryptAgentData"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.agent_kms_key
        Condition = {
          StringEquals = {
            "kms:ViaService" = "s3.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"
          }
        }
      }] : [],
    )
  })
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }
}

# The role that the pipe reads, invokes and sends with.
resource "aws_iam_role" "pipe_role" {
  name                 = "operataEventBridgePipeRole-${var.group}"
  description          = "The role that the pipe reads, invokes and sends with."
  permissions_boundary = var.permissions_boundary != "" ? var.permissions_boundary : one(aws_iam_policy.boundary[*].arn)
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "ThisPipe"
      Effect = "Allow"
      Principal = {
        Service = "pipes.amazonaws.com"
      }
      Action = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = data.aws_caller_identity.current.account_id
        }
        ArnEquals = {
          "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:pipes:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:pipe/operataEventsPipe-${var.group}"
        }
      }
    }]
  })
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }
}

# What it may do.
resource "aws_iam_role_policy" "pipe_policy" {
  role = aws_iam_role.pipe_role.name
  name = "pipe"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid    = "ReadStream"
        Effect = "Allow"
        Action = [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:kinesis:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stream/${var.stream_name}"
      }],
      var.stream_kms_key != "" ? [{
        Sid      = "DecryptStream"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.stream_kms_key
        Condition = {
          StringEquals = {
            "kms:ViaService" = "kinesis.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"
          }
        }
      }] : [],
      [
        {
          Sid      = "InvokeFunction"
          Effect   = "Allow"
          Action   = "lambda:InvokeFunction"
          Resource = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:operataRedactor-${var.group}"
        },
        {
          Sid    = "SendToDestination"
          Effect = "Allow"
          Action = "events:InvokeApiDestination"
          Resource = [
            "arn:${data.aws_partition.current.partition}:events:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:api-destination/operataEndpointGroup-${var.group}",
            "arn:${data.aws_partition.current.partition}:events:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:api-destination/operataEndpointGroup-${var.group}/*",
          ]
        },
      ],
      var.dead_letter_queue != "" ? [{
        Sid      = "DeadLetters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = var.dead_letter_queue
      }] : [],
      var.dead_letter_queue != "" && var.dead_letter_kms_key != "" ? [{
        Sid    = "EncryptDeadLetters"
        Effect = "Allow"
        Action = [
          "kms:Decrypt",
          "kms:GenerateDataKey",
        ]
        Resource = var.dead_letter_kms_key
        Condition = {
          StringEquals = {
            "kms:ViaService" = "sqs.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"
          }
        }
      }] : [],
    )
  })
}

# The role that the function runs with.
resource "aws_iam_role" "function_role" {
  name                 = "CloudCollectorV3Stack-${var.group}"
  description          = "The role that the function runs with."
  permissions_boundary = var.permissions_boundary != "" ? var.permissions_boundary : one(aws_iam_policy.boundary[*].arn)
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "AnyFunction"
      Effect = "Allow"
      Principal = {
        Service = "lambda.amazonaws.com"
      }
      Action = "sts:AssumeRole"
    }]
  })
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }
}

# What it may do.
resource "aws_iam_role_policy" "function_policy" {
  role = aws_iam_role.function_role.name
  name = "function"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid    = "LogGroup"
          Effect = "Allow"
          Action = "logs:CreateLogGroup"
          Resource = [
            "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/operataRedactor-${var.group}",
            "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/operataRedactor-${var.group}:*",
          ]
        },
        {
          Sid    = "Logs"
          Effect = "Allow"
          Action = [
            "logs:CreateLogStream",
            "logs:PutLogEvents",
          ]
          Resource = "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/operataRedactor-${var.group}:*"
        },
        {
          Sid      = "ReadKey"
          Effect   = "Allow"
          Action   = "secretsmanager:GetSecretValue"
          Resource = "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:cloud-collector-v3/ctr/${var.group}/apiToken-??????"
        },
      ],
      var.api_key_kms_key != "" ? [{
        Sid      = "DecryptKey"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.api_key_kms_key
        Condition = {
          StringEquals = {
            "kms:ViaService" = "secretsmanager.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"
          }
        }
      }] : [],
      length(var.subnet_ids) > 0 ? [{
        Sid    = "NetworkInterfaces"
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*"
      }] : [],
      length(var.subnet_ids) > 0 ? [{
        Sid    = "NotFromItsCode"
        Effect = "Deny"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*"
        Condition = {
          ArnEquals = {
            "lambda:SourceFunctionArn" = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:operataRedactor-${var.group}"
          }
        }
      }] : [],
      var.agent_bucket != "" ? [{
        Sid      = "AgentData"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:${data.aws_partition.current.partition}:s3:::${var.agent_bucket}/${var.agent_object}"
        Condition = {
          StringEquals = {
            "aws:ResourceAccount" = data.aws_caller_identity.current.account_id
          }
        }
      }] : [],
      var.agent_bucket != "" && var.agent_kms_key != "" ? [{
        Sid      = "DecryptAgentData"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.agent_kms_key
        Condition = {
          StringEquals = {
            "kms:ViaService" = "s3.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"
          }
        }
      }] : [],
      var.dead_letter_queue != "" ? [{
        Sid      = "DeadLetters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = var.dead_letter_queue
      }] : [],
      var.dead_letter_queue != "" && var.dead_letter_kms_key != "" ? [{
        Sid    = "EncryptDeadLetters"
        Effect = "Allow"
        Action = [
          "kms:Decrypt",
          "kms:GenerateDataKey",
        ]
        Resource = var.dead_letter_kms_key
        Condition = {
          StringEquals = {
            "kms:ViaService" = "sqs.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}"
          }
        }
      }] : [],
    )
  })
}

# Redacts each record before it leaves.
resource "aws_lambda_function" "function" {
  function_name = "operataRedactor-${var.group}"
  description   = "Redacts contact records before they leave"
  role          = aws_iam_role.function_role.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]
  s3_bucket     = var.code_bucket
  s3_key        = var.code_object
  timeout       = 60
  memory_size   = 256
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }

  environment {
    variables = {
      OPERATA_API_KEY  = "cloud-collector-v3/ctr/${var.group}/apiToken"
      OPERATA_GROUP_ID = var.group
      TRUNKLINE_CONFIG = var.function_config
    }
  }

  dynamic "vpc_config" {
    for_each = length(var.subnet_ids) > 0 ? [1] : []

    content {
      subnet_ids         = var.subnet_ids
      security_group_ids = var.security_group_ids
    }
  }

  depends_on = [aws_iam_role_policy.function_policy]
}

# Authorizes the requests. EventBridge keeps the key in a secret of its own.
resource "aws_cloudwatch_event_connection" "connection" {
  name               = "operataAPIgroup-${var.group}"
  description        = "Authorizes requests to the receiver of contact records"
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "Operata-API-Key"
      value = aws_secretsmanager_secret_version.secret.secret_string
    }
  }

  # A new key is put in place from outside: applying again does not take it back.
  lifecycle {
    ignore_changes = [auth_parameters]
  }
}

# Where records are sent.
resource "aws_cloudwatch_event_api_destination" "destination" {
  name                             = "operataEndpointGroup-${var.group}"
  description                      = "Receives redacted contact records"
  connection_arn                   = aws_cloudwatch_event_connection.connection.arn
  http_method                      = "POST"
  invocation_endpoint              = "https://api.operata.io/v2/aws/events/contact-record"
  invocation_rate_limit_per_second = 300
}

# The pipe's log, below the prefix that needs no resource policy of its own.
resource "aws_cloudwatch_log_group" "pipe_logs" {
  count = var.pipe_log_level != "OFF" ? 1 : 0

  name              = "/aws/vendedlogs/pipes/operataEventsPipe-${var.group}"
  retention_in_days = 30
  skip_destroy      = true
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }
}

# Takes records from the stream, through the function, to the destination.
resource "aws_pipes_pipe" "pipe" {
  name          = "operataEventsPipe-${var.group}"
  description   = "Takes contact records through the redacting function to their receiver"
  role_arn      = aws_iam_role.pipe_role.arn
  desired_state = "RUNNING"
  source        = "arn:${data.aws_partition.current.partition}:kinesis:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stream/${var.stream_name}"
  enrichment    = aws_lambda_function.function.arn
  target        = aws_cloudwatch_event_api_destination.destination.arn
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }

  source_parameters {
    kinesis_stream_parameters {
      starting_position                  = "TRIM_HORIZON"
      batch_size                         = 1
      maximum_batching_window_in_seconds = 0
      parallelization_factor             = 1
      maximum_retry_attempts             = -1
      maximum_record_age_in_seconds      = var.dead_letter_queue != "" ? 43200 : -1

      dynamic "dead_letter_config" {
        for_each = var.dead_letter_queue != "" ? [1] : []

        content {
          arn = var.dead_letter_queue
        }
      }
    }
  }

  dynamic "log_configuration" {
    for_each = var.pipe_log_level != "OFF" ? [1] : []

    content {
      level = var.pipe_log_level

      cloudwatch_logs_log_destination {
        log_group_arn = one(aws_cloudwatch_log_group.pipe_logs[*].arn)
      }
    }
  }

  depends_on = [aws_iam_role_policy.pipe_policy]
}

# The role of the check of the key's age.
resource "aws_iam_role" "key_age_role" {
  name                 = "trunkline-key-age-${var.group}"
  description          = "Looks how old the API key is, never at the key"
  permissions_boundary = var.permissions_boundary != "" ? var.permissions_boundary : null
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "CheckAndSchedule"
      Effect = "Allow"
      Principal = {
        Service = [
          "events.amazonaws.com",
          "states.amazonaws.com",
        ]
      }
      Action = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = data.aws_caller_identity.current.account_id
        }
      }
    }]
  })
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }
}

# What the check may do.
resource "aws_iam_role_policy" "key_age_policy" {
  role = aws_iam_role.key_age_role.name
  name = "key-age"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LookAtTheKey"
        Effect   = "Allow"
        Action   = "secretsmanager:ListSecretVersionIds"
        Resource = "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:cloud-collector-v3/ctr/${var.group}/apiToken-??????"
      },
      {
        Sid      = "ReportItsAge"
        Effect   = "Allow"
        Action   = "cloudwatch:PutMetricData"
        Resource = "*"
        Condition = {
          StringEquals = {
            "cloudwatch:namespace" = "Trunkline"
          }
        }
      },
      {
        Sid      = "StartTheCheck"
        Effect   = "Allow"
        Action   = "states:StartExecution"
        Resource = "arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stateMachine:trunkline-key-age-${var.group}"
      },
    ]
  })
}

# Reports the age of the key in days, as a metric: Secrets Manager has none.
resource "aws_sfn_state_machine" "key_age_check" {
  name     = "trunkline-key-age-${var.group}"
  role_arn = aws_iam_role.key_age_role.arn
  definition = jsonencode({
    Comment       = "Reports the age of the API key, in days."
    QueryLanguage = "JSONata"
    StartAt       = "Versions"
    States = {
      Versions = {
        Type     = "Task"
        Resource = "arn:${data.aws_partition.current.partition}:states:::aws-sdk:secretsmanager:listSecretVersionIds"
        Arguments = {
          SecretId = "cloud-collector-v3/ctr/${var.group}/apiToken"
        }
        Output = {
          days = "{% ($millis() - $toMillis($states.result.Versions['AWSCURRENT' in VersionStages].CreatedDate)) / 86400000 %}"
        }
        Next = "Report"
      }
      Report = {
        Type     = "Task"
        Resource = "arn:${data.aws_partition.current.partition}:states:::aws-sdk:cloudwatch:putMetricData"
        Arguments = {
          Namespace = "Trunkline"
          MetricData = [{
            MetricName = "KeyAge"
            Dimensions = [{
              Name  = "Secret"
              Value = "cloud-collector-v3/ctr/${var.group}/apiToken"
            }]
            Value = "{% $states.input.days %}"
          }]
        }
        Next = "Done"
      }
      Done = {
        Type = "Succeed"
      }
    }
  })
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }

  depends_on = [aws_iam_role_policy.key_age_policy, aws_secretsmanager_secret_version.secret]
}

# Starts the check four times a day.
resource "aws_cloudwatch_event_rule" "key_age_schedule" {
  name                = "trunkline-key-age-${var.group}"
  description         = "Starts the check of the API key's age"
  schedule_expression = "rate(6 hours)"
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }

  depends_on = [aws_iam_role_policy.key_age_policy]
}

resource "aws_cloudwatch_event_target" "key_age_schedule" {
  rule      = aws_cloudwatch_event_rule.key_age_schedule.name
  target_id = "check"
  arn       = aws_sfn_state_machine.key_age_check.arn
  role_arn  = aws_iam_role.key_age_role.arn
}

# Goes off when the key is old. A new version of the secret ends it.
resource "aws_cloudwatch_metric_alarm" "key_age_alarm" {
  alarm_name        = "trunkline-key-age-${var.group}"
  alarm_description = "The API key is old: make a new one at the receiver, and put it into the secret and the connection"
  namespace         = "Trunkline"
  metric_name       = "KeyAge"
  dimensions = {
    Secret = "cloud-collector-v3/ctr/${var.group}/apiToken"
  }
  statistic           = "Maximum"
  period              = 86400
  evaluation_periods  = 1
  threshold           = var.key_age_days
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "missing"
  alarm_actions       = var.alarm_topic != "" ? [var.alarm_topic] : []
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }
}

output "pipe" {
  description = "Name of the pipe"
  value       = aws_pipes_pipe.pipe.name
}

output "function_arn" {
  description = "ARN of the function"
  value       = aws_lambda_function.function.arn
}

output "secret_arn" {
  description = "ARN of the secret with the API key"
  value       = aws_secretsmanager_secret.secret.arn
}

output "pipe_role_arn" {
  description = "ARN of the pipe's role"
  value       = aws_iam_role.pipe_role.arn
}

output "function_role_arn" {
  description = "ARN of the function's role"
  value       = aws_iam_role.function_role.arn
}

output "boundary_arn" {
  description = "ARN of the permissions boundary that was made"
  value       = var.permissions_boundary == "" ? one(aws_iam_policy.boundary[*].arn) : null
}
