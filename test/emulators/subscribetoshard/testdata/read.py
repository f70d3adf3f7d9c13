# Registers a consumer with boto3 and prints what it reads of one shard, a line an event: read.py URL STREAM SHARD
import sys

import boto3

url, stream, shard = sys.argv[1:]
kinesis = boto3.client("kinesis", endpoint_url=url)
consumer = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="boto")["Consumer"]
print(kinesis.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])["ConsumerDescription"]["ConsumerStatus"])
answer = kinesis.subscribe_to_shard(
    ConsumerARN=consumer["ConsumerARN"], ShardId=shard, StartingPosition={"Type": "TRIM_HORIZON"}
)
for event in answer["EventStream"]:
    event = event["SubscribeToShardEvent"]
    records = [record["Data"].decode() for record in event["Records"]]
    children = [child["ShardId"] for child in event.get("ChildShards", [])]
    print(*records, event.get("ContinuationSequenceNumber"), *children)
