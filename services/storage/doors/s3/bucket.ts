import { childText } from '#wire/xml/read.ts';
import { isBucketName } from '../../domain/name.ts';
import { listKeysMax } from '../../contract/limits.ts';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import { dropUndefined } from './condition.ts';
import { refuse, S3Error } from './errors.ts';
import type { Answer } from './exchange.ts';
import { header, type S3Request } from './request.ts';
import { aclHeaders } from './trait.ts';
import { bucketPageMax, xmlBodyMaxBytes } from './limits.ts';
import { readXmlBody } from './payload.ts';
import { isoTime, ownerNode, replyEmpty, replyXml } from './reply.ts';
import { unsetWords } from './unimplemented.ts';

export const listBuckets: Answer = async ({ request, session, id, owner, more }) => {
  const prefix = request.query.get('prefix');
  const asked = request.query.get('max-buckets');
  const most = asked === undefined ? bucketPageMax : Number(asked);
  if (!(Number.isInteger(most) && most >= 1 && most <= bucketPageMax))
    throw refuse('InvalidArgument', `max-buckets must be a number from 1 to ${bucketPageMax}.`);
  const found: { name: string; createdAt: number }[] = [];
  let after = request.query.get('continuation-token');
  do {
    const { output } = await session.invoke(
      'ListBuckets',
      '',
      dropUndefined({ prefix, after, limit: Math.min(most - found.length, listKeysMax) }),
      more,
    );
    found.push(...output.items);
    after = output.next;
  } while (after !== undefined && found.length < most);
  replyXml(request.response, id, 'ListAllMyBucketsResult', [
    ownerNode(owner),
    [
      'Buckets',
      found.map(
        ({ name, createdAt }) =>
          [
            'Bucket',
            [
              ['Name', name],
              ['CreationDate', isoTime(createdAt)],
            ],
          ] as const,
      ),
    ],
    prefix === undefined ? undefined : ['Prefix', prefix],
    after === undefined ? undefined : ['ContinuationToken', after],
  ]);
};

export const createBucket: Answer = async ({ request, session, identified, id, region, more }) => {
  if (!isBucketName(request.bucket)) throw fault('InvalidBucketName');
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  if (xml && xml.name !== 'CreateBucketConfiguration') throw refuse('MalformedXML');
  const location = xml && childText(xml, 'LocationConstraint')?.trim();
  const input = dropUndefined({
    name: request.bucket,
    location: location === '' ? undefined : location,
    ...aclHeaders(request),
    objectLock: header(request, 'x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true' ? true : undefined,
    ownership: ownershipHeader(request),
  });
  try {
    await session.invoke('CreateBucket', request.bucket, input, more);
  } catch (error) {
    if (!(error instanceof OperationError && error.code === 'BucketAlreadyOwnedByYou') || region !== 'us-east-1') throw error;
    // S3's oldest region lets an owner make a bucket again, as long as nobody is let in or out by it.
    const { output } = await session.invoke('GetBucketAcl', request.bucket, {}, more);
    const isPlain = input.cannedAcl === undefined && input.grants === undefined && output.grants.length === 1;
    if (!isPlain) throw fault('BucketAlreadyExists');
  }
  replyEmpty(request.response, id, 200, { Location: `/${request.bucket}` });
};

const ownerships = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const;

function ownershipHeader(request: S3Request): (typeof ownerships)[number] | undefined {
  const name = header(request, 'x-amz-object-ownership');
  if (name === undefined) return undefined;
  return (
    ownerships.find((one) => one === name) ??
    (() => {
      throw refuse('InvalidArgument', `Invalid x-amz-object-ownership header: ${name.slice(0, 100)}`);
    })()
  );
}

export const headBucket: Answer = async ({ request, session, id, more }) => {
  const { output } = await session.invoke('HeadBucket', request.bucket, {}, more);
  replyEmpty(request.response, id, 200, {
    'Content-Type': 'application/xml',
    'x-amz-bucket-region': output.spec.location,
    'x-amz-access-point-alias': 'false',
  });
};

export const deleteBucket: Answer = async ({ request, session, id, more }) => {
  await session.invoke('DeleteBucket', request.bucket, {}, more);
  replyEmpty(request.response, id, 204);
};

export const getBucketLocation: Answer = async ({ request, session, id, more }) => {
  const { output } = await session.invoke('GetBucketLocation', request.bucket, {}, more);
  // S3 tells its oldest region by an empty element.
  replyXml(request.response, id, 'LocationConstraint', output.location === 'us-east-1' ? '' : output.location);
};

/** Reads of configuration that no bucket has; whoever may see the bucket may know. */
export function getUnset(name: string): Answer | undefined {
  const words = unsetWords(name);
  return (
    words &&
    (async ({ request, session, more }) => {
      await session.invoke('HeadBucket', request.bucket, {}, more);
      throw new S3Error(words);
    })
  );
}
