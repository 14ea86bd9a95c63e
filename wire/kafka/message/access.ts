import { api } from '../api.ts';
import { codec } from '../codec.ts';
import { array, bool, bytes, float64, int16, int32, int8, string } from '../field.ts';

// Messages about access control, quotas and SCRAM users: field by field as the protocol's message definitions have them.

export const describeAcls = api(
  29,
  'DescribeAcls',
  '1-3',
  codec('2+', {
    resourceTypeFilter: int8('0+'),
    resourceNameFilter: string('0+', { nullable: '0+' }),
    patternTypeFilter: int8('1+', { default: 3 }),
    principalFilter: string('0+', { nullable: '0+' }),
    hostFilter: string('0+', { nullable: '0+' }),
    operation: int8('0+'),
    permissionType: int8('0+'),
  }),
  codec('2+', {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    resources: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      patternType: int8('1+', { default: 3 }),
      acls: array('0+', { principal: string('0+'), host: string('0+'), operation: int8('0+'), permissionType: int8('0+') }),
    }),
  }),
);

export const createAcls = api(
  30,
  'CreateAcls',
  '1-3',
  codec('2+', {
    creations: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      resourcePatternType: int8('1+', { default: 3 }),
      principal: string('0+'),
      host: string('0+'),
      operation: int8('0+'),
      permissionType: int8('0+'),
    }),
  }),
  codec('2+', {
    throttleTimeMs: int32('0+'),
    results: array('0+', { errorCode: int16('0+'), errorMessage: string('0+', { nullable: '0+' }) }),
  }),
);

export const deleteAcls = api(
  31,
  'DeleteAcls',
  '1-3',
  codec('2+', {
    filters: array('0+', {
      resourceTypeFilter: int8('0+'),
      resourceNameFilter: string('0+', { nullable: '0+' }),
      patternTypeFilter: int8('1+', { default: 3 }),
      principalFilter: string('0+', { nullable: '0+' }),
      hostFilter: string('0+', { nullable: '0+' }),
      operation: int8('0+'),
      permissionType: int8('0+'),
    }),
  }),
  codec('2+', {
    throttleTimeMs: int32('0+'),
    filterResults: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      matchingAcls: array('0+', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        resourceType: int8('0+'),
        resourceName: string('0+'),
        patternType: int8('1+', { default: 3 }),
        principal: string('0+'),
        host: string('0+'),
        operation: int8('0+'),
        permissionType: int8('0+'),
      }),
    }),
  }),
);

export const describeClientQuotas = api(
  48,
  'DescribeClientQuotas',
  '0-1',
  codec('1+', {
    components: array('0+', { entityType: string('0+'), matchType: int8('0+'), match: string('0+', { nullable: '0+' }) }),
    strict: bool('0+'),
  }),
  codec('1+', {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    entries: array(
      '0+',
      {
        entity: array('0+', { entityType: string('0+'), entityName: string('0+', { nullable: '0+' }) }),
        values: array('0+', { key: string('0+'), value: float64('0+') }),
      },
      { nullable: '0+' },
    ),
  }),
);

export const alterClientQuotas = api(
  49,
  'AlterClientQuotas',
  '0-1',
  codec('1+', {
    entries: array('0+', {
      entity: array('0+', { entityType: string('0+'), entityName: string('0+', { nullable: '0+' }) }),
      ops: array('0+', { key: string('0+'), value: float64('0+'), remove: bool('0+') }),
    }),
    validateOnly: bool('0+'),
  }),
  codec('1+', {
    throttleTimeMs: int32('0+'),
    entries: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      entity: array('0+', { entityType: string('0+'), entityName: string('0+', { nullable: '0+' }) }),
    }),
  }),
);

export const describeUserScramCredentials = api(
  50,
  'DescribeUserScramCredentials',
  '0',
  codec('0+', { users: array('0+', { name: string('0+') }, { nullable: '0+' }) }),
  codec('0+', {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    results: array('0+', {
      user: string('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      credentialInfos: array('0+', { mechanism: int8('0+'), iterations: int32('0+') }),
    }),
  }),
);

export const alterUserScramCredentials = api(
  51,
  'AlterUserScramCredentials',
  '0',
  codec('0+', {
    deletions: array('0+', { name: string('0+'), mechanism: int8('0+') }),
    upsertions: array('0+', {
      name: string('0+'),
      mechanism: int8('0+'),
      iterations: int32('0+'),
      salt: bytes('0+'),
      saltedPassword: bytes('0+'),
    }),
  }),
  codec('0+', {
    throttleTimeMs: int32('0+'),
    results: array('0+', { user: string('0+'), errorCode: int16('0+'), errorMessage: string('0+', { nullable: '0+' }) }),
  }),
);
