import type { TSchema } from 'typebox';
import { OperationError } from '#kernel/contract/fault.ts';
import { childrenOf, type XmlElement } from '#wire/xml/read.ts';
import { configurationOperations } from '../../contract/configuration.ts';
import { readDocument, writeDocument } from './document.ts';
import { refuse } from './errors.ts';
import type { Answer, Exchange } from './exchange.ts';
import { xmlBodyMaxBytes } from './limits.ts';
import { readBody, readXmlBody } from './payload.ts';
import { replyEmpty, replyJson, replyXml } from './reply.ts';
import { header } from './request.ts';

type Kind = {
  readonly root: string;
  readonly get?: keyof typeof configurationOperations;
  readonly put?: keyof typeof configurationOperations;
  readonly remove?: keyof typeof configurationOperations;
  /** Whether S3 answers a put without content. */
  readonly putStatus?: 204;
};

/** The sub-resources of buckets that are documents, by their query. */
const kinds: Readonly<Record<string, Kind>> = {
  versioning: { root: 'VersioningConfiguration', get: 'GetBucketVersioning', put: 'PutBucketVersioning' },
  tagging: { root: 'Tagging', get: 'GetBucketTagging', put: 'PutBucketTagging', remove: 'DeleteBucketTagging', putStatus: 204 },
  policyStatus: { root: 'PolicyStatus', get: 'GetBucketPolicyStatus' },
  publicAccessBlock: {
    root: 'PublicAccessBlockConfiguration',
    get: 'GetPublicAccessBlock',
    put: 'PutPublicAccessBlock',
    remove: 'DeletePublicAccessBlock',
  },
  ownershipControls: {
    root: 'OwnershipControls',
    get: 'GetBucketOwnershipControls',
    put: 'PutBucketOwnershipControls',
    remove: 'DeleteBucketOwnershipControls',
  },
  cors: { root: 'CORSConfiguration', get: 'GetBucketCors', put: 'PutBucketCors', remove: 'DeleteBucketCors' },
  lifecycle: { root: 'LifecycleConfiguration', get: 'GetBucketLifecycle', put: 'PutBucketLifecycle', remove: 'DeleteBucketLifecycle' },
  encryption: {
    root: 'ServerSideEncryptionConfiguration',
    get: 'GetBucketEncryption',
    put: 'PutBucketEncryption',
    remove: 'DeleteBucketEncryption',
  },
  website: { root: 'WebsiteConfiguration', get: 'GetBucketWebsite', put: 'PutBucketWebsite', remove: 'DeleteBucketWebsite' },
  logging: { root: 'BucketLoggingStatus', get: 'GetBucketLogging', put: 'PutBucketLogging' },
  notification: { root: 'NotificationConfiguration', get: 'GetBucketNotification', put: 'PutBucketNotification' },
  requestPayment: { root: 'RequestPaymentConfiguration', get: 'GetBucketRequestPayment', put: 'PutBucketRequestPayment' },
  'object-lock': { root: 'ObjectLockConfiguration', get: 'GetObjectLockConfiguration', put: 'PutObjectLockConfiguration' },
};

/** The answer to a request about a document of a bucket; undefined when it is about none. */
export function configurationAnswer(query: ReadonlyMap<string, string>, method: string): Answer | undefined {
  if (query.has('policy')) return policyAnswer(method);
  const name = Object.keys(kinds).find((one) => query.has(one));
  if (name === undefined) return undefined;
  const kind = kinds[name]!;
  if (method === 'GET' && kind.get) return (exchange) => getDocument(exchange, kind, kind.get!);
  if (method === 'PUT' && kind.put) return (exchange) => putDocument(exchange, kind, kind.put!);
  if (method === 'DELETE' && kind.remove) return (exchange) => removeDocument(exchange, kind.remove!);
  throw refuse('MethodNotAllowed');
}

async function getDocument(
  { request, session, id, more }: Exchange,
  { root }: Kind,
  operation: keyof typeof configurationOperations,
): Promise<void> {
  const { output } = await session.invoke(operation, request.bucket, {} as never, more);
  replyXml(request.response, id, root, writeDocument(configurationOperations[operation].output as TSchema, output));
}

async function putDocument(exchange: Exchange, { root, putStatus }: Kind, operation: keyof typeof configurationOperations): Promise<void> {
  const { request, session, identified, id, more } = exchange;
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  if (xml?.name !== root) throw refuse('MalformedXML');
  refuseUnbuilt(xml);
  const input = readDocument(configurationOperations[operation].input as TSchema, xml);
  try {
    await session.invoke(operation, request.bucket, input as never, more);
  } catch (error) {
    // What the schema refuses is XML of another schema, in S3's words.
    if (error instanceof OperationError && error.code === 'BadInput') throw refuse('MalformedXML');
    throw error;
  }
  replyEmpty(request.response, id, putStatus ?? 200);
}

/** What S3's documents may say and is not done here. */
function refuseUnbuilt(xml: XmlElement): void {
  if (xml.name === 'NotificationConfiguration' && childrenOf(xml, 'CloudFunctionConfiguration').length > 0)
    throw refuse('NotImplemented', 'Events of buckets call no functions.');
}

async function removeDocument({ request, session, id, more }: Exchange, operation: keyof typeof configurationOperations): Promise<void> {
  await session.invoke(operation, request.bucket, {} as never, more);
  replyEmpty(request.response, id, 204);
}

function policyAnswer(method: string): Answer {
  switch (method) {
    case 'GET':
      return async ({ request, session, id, more }) => {
        const { output } = await session.invoke('GetBucketPolicy', request.bucket, {}, more);
        replyJson(request.response, id, output.policy);
      };
    case 'PUT':
      return async ({ request, session, identified, id, more }) => {
        const policy = (await readBody(request, identified, xmlBodyMaxBytes)).toString('utf8');
        const confirm = header(request, 'x-amz-confirm-remove-self-bucket-access')?.toLowerCase() === 'true';
        const input = { policy, ...(confirm ? { confirmRemoveSelfAccess: true } : {}) };
        try {
          await session.invoke('PutBucketPolicy', request.bucket, input, more);
        } catch (error) {
          if (error instanceof OperationError && error.code === 'BadInput')
            throw refuse('InvalidArgument', 'Policies must be valid JSON and at most 20 KB long.');
          throw error;
        }
        replyEmpty(request.response, id, 204);
      };
    case 'DELETE':
      return async ({ request, session, id, more }) => {
        await session.invoke('DeleteBucketPolicy', request.bucket, {}, more);
        replyEmpty(request.response, id, 204);
      };
    default:
      throw refuse('MethodNotAllowed');
  }
}
