import { codec } from '../codec.ts';
import { array, bytes, int16, int32, list, string } from '../field.ts';

// What stands before every message, and what consumers tell one another through the coordinator.

export const requestHeader = codec('2+', {
  requestApiKey: int16('0+'),
  requestApiVersion: int16('0+'),
  correlationId: int32('0+'),
  clientId: string('1+', { nullable: '1+', flexible: 'none' }),
});

export const responseHeader = codec('1+', { correlationId: int32('0+') });

export const subscription = codec('none', {
  topics: list('0+', 'string'),
  userData: bytes('0+', { nullable: '0+', default: null }),
  ownedPartitions: array('1+', { topic: string('1+'), partitions: list('1+', 'int32') }),
  generationId: int32('2+', { default: -1 }),
  rackId: string('3+', { nullable: '3+', default: null }),
});

export const assignment = codec('none', {
  assignedPartitions: array('0+', { topic: string('0+'), partitions: list('0+', 'int32') }),
  userData: bytes('0+', { nullable: '0+', default: null }),
});
