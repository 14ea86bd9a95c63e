import type { Static } from 'typebox';
import { fault } from '#kernel/contract/fault.ts';
import type { configurations } from '../contract/configuration.ts';
import { bucketTagsMax, tagKeyMax, tagValueMax } from '../contract/limits.ts';
import { checkLifecycle } from './lifecycle.ts';
import { isEventName } from './notification.ts';

type Kind = keyof typeof configurations;
type Document<K extends Kind> = Static<(typeof configurations)[K]>;

const checks: { readonly [K in Kind]?: (document: Document<K>) => Document<K> } = {
  cors: checkCors,
  encryption: checkEncryption,
  tagging: ({ tags }) => ({ tags: checkTags(tags, bucketTagsMax) }),
  objectLock: checkObjectLock,
  website: checkWebsite,
  notification: checkNotification,
  // S3 tells the form of a log's names even when it was not asked for.
  logging: ({ loggingEnabled: to }) =>
    to ? { loggingEnabled: { ...to, targetObjectKeyFormat: to.targetObjectKeyFormat ?? { simplePrefix: {} } } } : {},
  lifecycle: checkLifecycle,
  publicAccessBlock: ({ blockPublicAcls = false, ignorePublicAcls = false, blockPublicPolicy = false, restrictPublicBuckets = false }) => ({
    blockPublicAcls,
    ignorePublicAcls,
    blockPublicPolicy,
    restrictPublicBuckets,
  }),
};

/** Refuses what a schema cannot: a document that contradicts itself. Answers it as it is to be kept. */
export function checkConfiguration<K extends Kind>(kind: K, document: Document<K>): Document<K> {
  return checks[kind]?.(document) ?? document;
}

function checkNotification(document: Document<'notification'>): Document<'notification'> {
  const { topics = [], queues = [] } = document;
  const named = [...topics, ...queues].map((one, at) => ({ ...one, id: one.id ?? `configuration-${at + 1}` }));
  if (new Set(named.map(({ id }) => id)).size < named.length)
    throw fault('InvalidArgument', 'Same ID used for multiple configurations. IDs must be unique');
  for (const { events, filter } of named) {
    const unknown = events.find((event) => !isEventName(event));
    if (unknown !== undefined) throw fault('InvalidArgument', `A specified event is not supported for notifications: ${unknown}`);
    const kinds = (filter?.s3Key?.filterRules ?? []).map(({ name }) => name.toLowerCase());
    if (kinds.some((kind) => kind !== 'prefix' && kind !== 'suffix'))
      throw fault('InvalidArgument', 'filter rule name must be either prefix or suffix');
    if (new Set(kinds).size < kinds.length)
      throw fault('InvalidArgument', 'Cannot specify more than one prefix or suffix rule in a filter.');
  }
  const withId = <T extends { id?: string }>(list: readonly T[], from: number) =>
    list.map((one, at) => ({ ...one, id: named[from + at]!.id }));
  return {
    ...document,
    ...(topics.length > 0 ? { topics: withId(topics, 0) } : {}),
    ...(queues.length > 0 ? { queues: withId(queues, topics.length) } : {}),
  };
}

type TagList = readonly { readonly key: string; readonly value: string }[];

/** Tags as S3 takes them: each key once, not too many, and none of the platform's own. */
export function checkTags<T extends TagList>(tags: T, most: number): T {
  if (tags.length > most) throw fault('InvalidTag', `Tags cannot be more than ${most}`);
  const keys = new Set<string>();
  for (const { key, value } of tags) {
    if (key.length < 1 || key.length > tagKeyMax) throw fault('InvalidTag', 'The TagKey you have provided is invalid');
    if (value.length > tagValueMax) throw fault('InvalidTag', 'The TagValue you have provided is invalid');
    if (/^aws:/i.test(key)) throw fault('InvalidTag', 'System tags cannot be added/updated by requester');
    if (keys.has(key)) throw fault('InvalidTag', 'Cannot provide multiple Tags with the same key');
    keys.add(key);
  }
  return tags;
}

function checkCors(document: Document<'cors'>): Document<'cors'> {
  for (const { allowedOrigins, allowedHeaders = [], exposeHeaders = [] } of document.rules) {
    for (const text of [...allowedOrigins, ...allowedHeaders])
      if (text.split('*').length > 2) throw fault('InvalidRequest', `"${text.slice(0, 100)}" can not have more than one wildcard.`);
    if (exposeHeaders.some((name) => name.includes('*'))) throw fault('InvalidRequest', 'ExposeHeader cannot contain a wildcard.');
  }
  return document;
}

function checkEncryption(document: Document<'encryption'>): Document<'encryption'> {
  const [rule] = document.rules;
  const byDefault = rule?.applyServerSideEncryptionByDefault;
  if (rule?.blockedEncryptionTypes) throw fault('NotImplemented', 'Blocked encryption types are not implemented.');
  if (!byDefault) throw fault('MalformedXML');
  if (byDefault.sseAlgorithm !== 'AES256' && byDefault.sseAlgorithm !== 'aws:kms') {
    if (byDefault.sseAlgorithm === 'aws:kms:dsse') throw fault('NotImplemented', 'Double encryption is not implemented.');
    throw fault('MalformedXML');
  }
  if (byDefault.sseAlgorithm === 'AES256' && byDefault.kmsMasterKeyID !== undefined)
    throw fault('InvalidArgument', 'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms');
  return document;
}

function checkObjectLock(document: Document<'objectLock'>): Document<'objectLock'> {
  if (document.objectLockEnabled !== 'Enabled') throw fault('MalformedXML');
  const retention = document.rule?.defaultRetention;
  if (!retention) return document;
  const { mode, days, years } = retention;
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw fault('MalformedXML');
  if ((days === undefined) === (years === undefined)) throw fault('MalformedXML');
  const isTooLong = (days ?? 0) > 36_500 || (years ?? 0) > 100;
  if ((days !== undefined && days < 1) || (years !== undefined && years < 1) || isTooLong)
    throw fault('InvalidRetentionPeriod', 'Default retention period must be a positive integer value.');
  return document;
}

function checkWebsite(document: Document<'website'>): Document<'website'> {
  const { indexDocument, redirectAllRequestsTo, routingRules, errorDocument } = document;
  if (redirectAllRequestsTo && (indexDocument || errorDocument || routingRules))
    throw fault('InvalidRequest', 'RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.');
  if (!redirectAllRequestsTo && !indexDocument)
    throw fault('InvalidArgument', 'A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty');
  if (indexDocument && (indexDocument.suffix === '' || indexDocument.suffix.includes('/')))
    throw fault('InvalidArgument', 'The IndexDocument Suffix is not well formed');
  for (const { condition, redirect } of routingRules ?? []) {
    const error = condition?.httpErrorCodeReturnedEquals;
    if (error !== undefined && !/^[45]\d\d$/.test(error))
      throw fault('InvalidRequest', `The provided HTTP error code (${error}) is not valid. Valid codes are 4XX or 5XX.`);
    if (redirect.replaceKeyPrefixWith !== undefined && redirect.replaceKeyWith !== undefined)
      throw fault('InvalidRequest', 'You can only define ReplaceKeyPrefix or ReplaceKey but not both.');
    if (redirect.httpRedirectCode !== undefined && !/^30[1-8]$/.test(redirect.httpRedirectCode))
      throw fault(
        'InvalidRequest',
        `The provided HTTP redirect code (${redirect.httpRedirectCode}) is not valid. Valid codes are 3XX except 300.`,
      );
  }
  return document;
}
