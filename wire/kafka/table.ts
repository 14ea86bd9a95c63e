import {
  alterClientQuotas,
  alterUserScramCredentials,
  createAcls,
  deleteAcls,
  describeAcls,
  describeClientQuotas,
  describeUserScramCredentials,
} from './message/access.ts';
import { apiVersions, describeCluster, describeTopicPartitions, metadata } from './message/cluster.ts';
import { alterConfigs, describeConfigs, describeLogDirs, incrementalAlterConfigs } from './message/config.ts';
import { consumerGroupHeartbeat, findCoordinator, heartbeat, joinGroup, leaveGroup, syncGroup } from './message/group.ts';
import { consumerGroupDescribe, deleteGroups, describeGroups, listGroups } from './message/group-admin.ts';
import { offsetCommit, offsetDelete, offsetFetch } from './message/offset.ts';
import { fetch, listOffsets, offsetForLeaderEpoch, produce } from './message/record-access.ts';
import { saslAuthenticate, saslHandshake } from './message/sasl.ts';
import { createPartitions, createTopics, deleteRecords, deleteTopics } from './message/topic.ts';
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  describeProducers,
  describeTransactions,
  endTxn,
  initProducerId,
  listTransactions,
  txnOffsetCommit,
  writeTxnMarkers,
} from './message/transaction.ts';

/** Every API that is served, by its key. Reader, writer, ApiVersions and the reference derive from these values. */
export const apis = [
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  saslHandshake,
  apiVersions,
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  writeTxnMarkers,
  txnOffsetCommit,
  describeAcls,
  createAcls,
  deleteAcls,
  describeConfigs,
  alterConfigs,
  describeLogDirs,
  saslAuthenticate,
  createPartitions,
  deleteGroups,
  incrementalAlterConfigs,
  offsetDelete,
  describeClientQuotas,
  alterClientQuotas,
  describeUserScramCredentials,
  alterUserScramCredentials,
  describeCluster,
  describeProducers,
  describeTransactions,
  listTransactions,
  consumerGroupHeartbeat,
  consumerGroupDescribe,
  describeTopicPartitions,
] as const;
