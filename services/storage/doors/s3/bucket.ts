import { childText } from '#wire/xml/read.ts';
import { isBucketName } from '../../domain/name.ts';
import { listKeysMax } from '../../contract/limits.ts';
import { fault } from '#kernel/contract/fault.ts';
import { dropUndefined } from './condition.ts';
import { refuse, S3Error } from './errors.ts';
import type { Answer } from './exchange.ts';
import { bucketPageMax, xmlBodyMaxBytes } from './limits.ts';
import { readXmlBody } from './payload.ts';
import { isoTime, ownerNode, replyEmpty, replyXml } from './reply.ts';
import { unsetWords } from './unimplemented.ts';

export const listBuckets: Answer = async ({ request, session, id, owner, signal }) => {
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
      { signal },
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

export const createBucket: Answer = async ({ request, session, identified, id, signal }) => {
  if (!isBucketName(request.bucket)) throw fault('InvalidBucketName');
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  if (xml && xml.name !== 'CreateBucketConfiguration') throw refuse('MalformedXML');
  const location = xml && childText(xml, 'LocationConstraint')?.trim();
  await session.invoke(
    'CreateBucket',
    request.bucket,
    dropUndefined({ name: request.bucket, location: location === '' ? undefined : location }),
    { signal },
  );
  replyEmpty(request.response, id, 200, { Location: `/${request.bucket}` });
};

export const headBucket: Answer = async ({ request, session, id, signal }) => {
  const { output } = await session.invoke('HeadBucket', request.bucket, {}, { signal });
  replyEmpty(request.response, id, 200, {
    'Content-Type': 'application/xml',
    'x-amz-bucket-region': output.spec.location,
    'x-amz-access-point-alias': 'false',
  });
};

export const deleteBucket: Answer = async ({ request, session, id, signal }) => {
  await session.invoke('DeleteBucket', request.bucket, {}, { signal });
  replyEmpty(request.response, id, 204);
};

export const getBucketLocation: Answer = async ({ request, session, id, signal }) => {
  const { output } = await session.invoke('GetBucketLocation', request.bucket, {}, { signal });
  // S3 tells its oldest region by an empty element.
  replyXml(request.response, id, 'LocationConstraint', output.location === 'us-east-1' ? '' : output.location);
};

/** No bucket has ever had versions, which S3 tells by an empty document. */
export const getBucketVersioning: Answer = async ({ request, session, id, signal }) => {
  await session.invoke('HeadBucket', request.bucket, {}, { signal });
  replyXml(request.response, id, 'VersioningConfiguration', '');
};

/** Reads of configuration that no bucket has; whoever may see the bucket may know. */
export function getUnset(name: string): Answer | undefined {
  const words = unsetWords(name);
  return (
    words &&
    (async ({ request, session, signal }) => {
      await session.invoke('HeadBucket', request.bucket, {}, { signal });
      throw new S3Error(words);
    })
  );
}
