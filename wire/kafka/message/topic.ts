import { api } from '../api.ts';
import { codec } from '../codec.ts';
import { array, bool, int16, int32, int64, int8, list, string, uuid } from '../field.ts';

// Messages about administration of topics: field by field as the protocol's message definitions have them.

export const createTopics = api(
  19,
  'CreateTopics',
  '2-7',
  codec('5+', {
    topics: array('0+', {
      name: string('0+'),
      numPartitions: int32('0+'),
      replicationFactor: int16('0+'),
      assignments: array('0+', { partitionIndex: int32('0+'), brokerIds: list('0+', 'int32') }),
      configs: array('0+', { name: string('0+'), value: string('0+', { nullable: '0+' }) }),
    }),
    timeoutMs: int32('0+', { default: 60000 }),
    validateOnly: bool('1+'),
  }),
  codec('5+', {
    throttleTimeMs: int32('2+'),
    topics: array('0+', {
      name: string('0+'),
      topicId: uuid('7+'),
      errorCode: int16('0+'),
      errorMessage: string('1+', { nullable: '0+' }),
      topicConfigErrorCode: int16('5+', { tag: 0 }),
      numPartitions: int32('5+', { default: -1 }),
      replicationFactor: int16('5+', { default: -1 }),
      configs: array(
        '5+',
        {
          name: string('5+'),
          value: string('5+', { nullable: '5+' }),
          readOnly: bool('5+'),
          configSource: int8('5+', { default: -1 }),
          isSensitive: bool('5+'),
        },
        { nullable: '5+' },
      ),
    }),
  }),
);

export const deleteTopics = api(
  20,
  'DeleteTopics',
  '1-6',
  codec('4+', {
    topics: array('6+', { name: string('6+', { nullable: '6+', default: null }), topicId: uuid('6+') }),
    topicNames: list('0-5', 'string'),
    timeoutMs: int32('0+'),
  }),
  codec('4+', {
    throttleTimeMs: int32('1+'),
    responses: array('0+', {
      name: string('0+', { nullable: '6+' }),
      topicId: uuid('6+'),
      errorCode: int16('0+'),
      errorMessage: string('5+', { nullable: '5+', default: null }),
    }),
  }),
);

export const createPartitions = api(
  37,
  'CreatePartitions',
  '0-3',
  codec('2+', {
    topics: array('0+', {
      name: string('0+'),
      count: int32('0+'),
      assignments: array('0+', { brokerIds: list('0+', 'int32') }, { nullable: '0+' }),
    }),
    timeoutMs: int32('0+'),
    validateOnly: bool('0+'),
  }),
  codec('2+', {
    throttleTimeMs: int32('0+'),
    results: array('0+', { name: string('0+'), errorCode: int16('0+'), errorMessage: string('0+', { nullable: '0+', default: null }) }),
  }),
);

export const deleteRecords = api(
  21,
  'DeleteRecords',
  '0-2',
  codec('2+', {
    topics: array('0+', { name: string('0+'), partitions: array('0+', { partitionIndex: int32('0+'), offset: int64('0+') }) }),
    timeoutMs: int32('0+'),
  }),
  codec('2+', {
    throttleTimeMs: int32('0+'),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', { partitionIndex: int32('0+'), lowWatermark: int64('0+'), errorCode: int16('0+') }),
    }),
  }),
);
