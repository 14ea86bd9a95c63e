import * as access from './access.ts';
import * as bucket from './bucket.ts';
import { configurationAnswer } from './configuration.ts';
import { refuse } from './errors.ts';
import type { Answer } from './exchange.ts';
import { inventoryAnswer } from './inventory.ts';
import { listObjects, listObjectsV2, listObjectVersions } from './list.ts';
import * as multipart from './multipart.ts';
import * as object from './object.ts';
import { renameObject } from './rename.ts';
import type { S3Request } from './request.ts';
import { selectObjectContent } from './select.ts';
import { unimplemented } from './unimplemented.ts';

/** Finds the operation that a request asks for; what S3 has and this service has not is refused as not implemented. */
export function route(request: S3Request): Answer {
  if (request.bucket === '') {
    if (request.key !== '') throw refuse('InvalidURI');
    return request.method === 'GET' || request.method === 'HEAD' ? bucket.listBuckets : refuseMethod();
  }
  const missing = unimplemented(request);
  if (missing !== undefined) return routeMissing(request, missing);
  const answer = (request.key === '' ? routeBucket(request) : routeObject(request)) ?? refuseMethod();
  for (const [header, only] of owned)
    if (answer !== only && request.headers.has(header)) throw refuse('NotImplemented', undefined, { Header: header });
  return answer;
}

/** Headers that mean something to one operation, and are refused by others. */
const owned: readonly (readonly [header: string, only: Answer])[] = [
  ['x-amz-write-offset-bytes', object.putObject],
  ['x-amz-rename-source', renameObject],
];

function routeMissing({ method, key }: S3Request, missing: string): Answer {
  const unset = key === '' && method === 'GET' ? bucket.getUnset(missing) : undefined;
  if (unset) return unset;
  throw refuse('NotImplemented', undefined, { SubResource: missing });
}

function routeBucket({ method, query }: S3Request): Answer | undefined {
  const configuration = query.has('inventory') ? inventoryAnswer(query, method) : configurationAnswer(query, method);
  if (configuration) return configuration;
  switch (method) {
    case 'GET':
      if (query.has('acl')) return access.getBucketAcl;
      if (query.has('location')) return bucket.getBucketLocation;
      if (query.has('uploads')) return multipart.listMultipartUploads;
      if (query.has('versions')) return listObjectVersions;
      return query.get('list-type') === '2' ? listObjectsV2 : listObjects;
    case 'HEAD':
      return bucket.headBucket;
    case 'PUT':
      return query.has('acl') ? access.putBucketAcl : bucket.createBucket;
    case 'DELETE':
      return bucket.deleteBucket;
    case 'POST':
      return query.has('delete') ? object.deleteObjects : undefined;
    default:
      return undefined;
  }
}

/** Sub-resources of objects, by method. */
const subResources: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
  acl: { GET: access.getObjectAcl, PUT: access.putObjectAcl },
  tagging: { GET: access.getObjectTagging, PUT: access.putObjectTagging, DELETE: access.deleteObjectTagging },
  retention: { GET: access.getObjectRetention, PUT: access.putObjectRetention },
  'legal-hold': { GET: access.getObjectLegalHold, PUT: access.putObjectLegalHold },
  attributes: { GET: object.getObjectAttributes },
  restore: { POST: access.restoreObject },
  renameObject: { PUT: renameObject },
  select: { POST: selectObjectContent },
};

function routeObject({ method, query, headers }: S3Request): Answer | undefined {
  const named = Object.keys(subResources).find((name) => query.has(name));
  if (named !== undefined) return subResources[named]?.[method];
  const copies = headers.has('x-amz-copy-source');
  switch (method) {
    case 'GET':
      return query.has('uploadId') ? multipart.listParts : object.getObject;
    case 'HEAD':
      return object.headObject;
    case 'PUT':
      if (query.has('uploadId') || query.has('partNumber')) {
        if (!query.has('uploadId') || !query.has('partNumber'))
          throw refuse('InvalidArgument', 'A part needs both uploadId and partNumber.');
        return copies ? multipart.uploadPartCopy : multipart.uploadPart;
      }
      return copies ? object.copyObject : object.putObject;
    case 'DELETE':
      return query.has('uploadId') ? multipart.abortMultipartUpload : object.deleteObject;
    case 'POST':
      if (query.has('uploads')) return multipart.createMultipartUpload;
      return query.has('uploadId') ? multipart.completeMultipartUpload : undefined;
    default:
      return undefined;
  }
}

function refuseMethod(): never {
  throw refuse('MethodNotAllowed');
}
