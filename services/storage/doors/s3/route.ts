import * as bucket from './bucket.ts';
import { refuse } from './errors.ts';
import type { Answer } from './exchange.ts';
import { listObjects, listObjectsV2 } from './list.ts';
import * as multipart from './multipart.ts';
import * as object from './object.ts';
import type { S3Request } from './request.ts';
import { unimplemented } from './unimplemented.ts';

/** Finds the operation that a request asks for; what S3 has and this service has not is refused as not implemented. */
export function route(request: S3Request): Answer {
  if (request.bucket === '') {
    if (request.key !== '') throw refuse('InvalidURI');
    return request.method === 'GET' || request.method === 'HEAD' ? bucket.listBuckets : refuseMethod();
  }
  const missing = unimplemented(request);
  if (missing !== undefined) return routeMissing(request, missing);
  const version = request.query.get('versionId');
  if (version !== undefined && version !== 'null') throw refuse('NoSuchVersion');
  return (request.key === '' ? routeBucket(request) : routeObject(request)) ?? refuseMethod();
}

function routeMissing({ method, key }: S3Request, missing: string): Answer {
  if (key === '' && method === 'GET') {
    if (missing === 'versioning') return bucket.getBucketVersioning;
    const unset = bucket.getUnset(missing);
    if (unset) return unset;
  }
  throw refuse('NotImplemented', undefined, { SubResource: missing });
}

function routeBucket({ method, query }: S3Request): Answer | undefined {
  switch (method) {
    case 'GET':
      if (query.has('location')) return bucket.getBucketLocation;
      if (query.has('uploads')) return multipart.listMultipartUploads;
      return query.get('list-type') === '2' ? listObjectsV2 : listObjects;
    case 'HEAD':
      return bucket.headBucket;
    case 'PUT':
      return bucket.createBucket;
    case 'DELETE':
      return bucket.deleteBucket;
    case 'POST':
      if (query.has('delete')) return object.deleteObjects;
      throw refuse('NotImplemented', 'Uploads by browser forms are not implemented.');
    default:
      return undefined;
  }
}

function routeObject({ method, query, headers }: S3Request): Answer | undefined {
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
