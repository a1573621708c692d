"""Apache Kafka: the connection, the stage shell over Faust, readers, the producer and topics.

Everything here is bytes in and bytes out: records of `prefstream.schemas.records`, no events.

- `connection`   how to reach the brokers, and whether they answer
- `topics`       topics made as asked, or told how they differ
- `producer`     batches handed over in order, every delivery awaited
- `faust_shell`  stages as Faust agents over runs of records
- `reader`       a plain group reader, for stages that keep their own offsets
- `scan`         a topic from its start to its end, and on
- `lag`          how far a group is behind
- `succession`   a group that takes up the work of another
"""
