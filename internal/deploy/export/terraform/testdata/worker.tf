# Operata Cloud Collector v3 through workers of your own, by trunkline.
# What a fleet of workers needs that run: trunkline run, with state.dynamodb: the secret, the lease table and the role.
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
  default     = "arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

  validation {
    condition     = var.api_key_kms_key == "" || can(regex("^(?:arn:aws[a-z-]*:kms:[a-z]{2}[a-z-]*-\\d+:\\d{12}:key/[A-Za-z0-9-]+)$", var.api_key_kms_key))
    error_message = "Want ARN of a KMS key, not of an alias, or nothing."
  }
}

variable "worker_place" {
  description = "Who may assume the workers' role: ecs for tasks of ECS in this account, ec2 for instances."
  type        = string
  default     = "ecs"

  validation {
    condition     = contains(["ecs", "ec2"], var.worker_place)
    error_message = "Want one of ecs, ec2."
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

# The role that workers run with.
resource "aws_iam_role" "worker_role" {
  name                 = "trunklineWorker-${var.group}"
  description          = "The role that workers of trunkline run with"
  permissions_boundary = var.permissions_boundary != "" ? var.permissions_boundary : null
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      var.worker_place == "ecs" ? [{
        Sid    = "Tasks"
        Effect = "Allow"
        Principal = {
          Service = "ecs-tasks.amazonaws.com"
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = data.aws_caller_identity.current.account_id
          }
          ArnLike = {
            "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:*"
          }
        }
      }] : [],
      var.worker_place == "ec2" ? [{
        Sid    = "Instances"
        Effect = "Allow"
        Principal = {
          Service = "ec2.amazonaws.com"
        }
        Action = "sts:AssumeRole"
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

# What the config asks of AWS, and nothing else.
resource "aws_iam_role_policy" "worker_policy" {
  role = aws_iam_role.worker_role.name
  name = "worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid    = "DynamodbTable"
          Effect = "Allow"
          Action = [
            "dynamodb:CreateTable",
            "dynamodb:DescribeTable",
          ]
          Resource = "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/trunkline"
        },
        {
          Sid    = "DynamodbTable2"
          Effect = "Allow"
          Action = [
            "dynamodb:DeleteItem",
            "dynamodb:UpdateItem",
          ]
          Resource = [
            "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/trunkline",
            "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/trunkline-CoordinatorState",
            "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/trunkline-WorkerMetricStats",
          ]
        },
        {
          Sid    = "DynamodbTable3"
          Effect = "Allow"
          Action = [
            "dynamodb:GetItem",
            "dynamodb:PutItem",
          ]
          Resource = [
            "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/trunkline",
            "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/trunkline-CoordinatorState",
          ]
        },
        {
          Sid      = "DynamodbIndex"
          Effect   = "Allow"
          Action   = "dynamodb:Query"
          Resource = "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/trunkline/index/LeaseOwnerToLeaseKeyIndex"
        },
        {
          Sid    = "DynamodbTable4"
          Effect = "Allow"
          Action = "dynamodb:Scan"
          Resource = [
            "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/trunkline",
            "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/trunkline-WorkerMetricStats",
          ]
        },
        {
          Sid    = "KinesisStream"
          Effect = "Allow"
          Action = [
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
          ]
          Resource = "arn:${data.aws_partition.current.partition}:kinesis:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stream/${var.stream_name}"
        },
        {
          Sid      = "KmsKey"
          Effect   = "Allow"
          Action   = "kms:Decrypt"
          Resource = "arn:${data.aws_partition.current.partition}:kms:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
          Condition = {
            StringEquals = {
              "kms:ViaService" = "kinesis.eu-west-2.amazonaws.com"
            }
          }
        },
        {
          Sid    = "SecretsmanagerSecret"
          Effect = "Allow"
          Action = "secretsmanager:GetSecretValue"
          Resource = [
            "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:cloud-collector-v3/ctr/${var.group}/apiToken-??????",
            "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:secret:trunkline/redact-key-??????",
          ]
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
    )
  })
}

# Who reads which shard, and how far it got. Without it, a stream is read from its start again.
resource "aws_dynamodb_table" "leases" {
  name                        = "trunkline"
  hash_key                    = "leaseKey"
  billing_mode                = "PROVISIONED"
  read_capacity               = 10
  write_capacity              = 10
  deletion_protection_enabled = true
  tags = {
    CreatedBy      = "trunkline"
    Environment    = "production"
    ManagedBy      = "Operata-CloudCollector"
    OperataGroupId = var.group
    Version        = "v3"
  }

  attribute {
    name = "leaseKey"
    type = "S"
  }
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

output "worker_role_arn" {
  description = "ARN of the workers' role"
  value       = aws_iam_role.worker_role.arn
}

output "lease_table" {
  description = "Name of the lease table"
  value       = aws_dynamodb_table.leases.name
}

output "secret_arn" {
  description = "ARN of the secret with the API key"
  value       = aws_secretsmanager_secret.secret.arn
}
