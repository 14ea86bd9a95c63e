import type { Bytes, Gate, Session } from '#kernel/contract/session.ts';
import { boundaryOf, type Form, FormError, readForm } from '#wire/form-data/form-data.ts';
import { signedPolicy } from '#wire/sigv4/sigv4.ts';
import { readXml } from '#wire/xml/read.ts';
import { writeXml, type XmlNode } from '#wire/xml/write.ts';
import { Tagging } from '../../contract/configuration.ts';
import { putMaxBytes } from '../../contract/limits.ts';
import { formFault, type FormPolicy, formRange, readFormPolicy } from '../../domain/form-policy.ts';
import type { storage } from '../../service.ts';
import { anonymous, type Identified } from './authenticate.ts';
import { dropUndefined } from './condition.ts';
import { contextOf } from './context.ts';
import { readDocument } from './document.ts';
import { keptHeaders } from './entity.ts';
import { refuse } from './errors.ts';
import type { ReplyId } from './reply.ts';
import { formFieldsMax, formFieldsMaxBytes } from './limits.ts';
import { writtenHeaders } from './object.ts';
import { rawBody, saidChecksum } from './payload.ts';
import { quoted, replyEmpty, writeHead } from './reply.ts';
import type { S3Request } from './request.ts';
import { identityOf, type Trace } from './trace.ts';
import { traitHeaders } from './trait.ts';

type FormPlace = {
  readonly gate: Gate<typeof storage>;
  readonly open: boolean;
  readonly id: ReplyId;
  readonly signal: AbortSignal;
  readonly trace: Trace;
};

/** Whether a request is an upload by a browser's form, which says in its fields who sends it. */
export function isForm(request: S3Request): boolean {
  return (
    request.method === 'POST' &&
    request.bucket !== '' &&
    request.key === '' &&
    /^\s*multipart\/form-data/i.test(request.headers.get('content-type')?.[0] ?? '')
  );
}

/** Stores the file of a form: reads the fields, lets its sender in by the signature of the policy, holds them to the policy. */
export async function postForm(request: S3Request, place: FormPlace): Promise<void> {
  const boundary = boundaryOf(request.headers.get('content-type')?.[0] ?? '');
  if (boundary === undefined) throw refuse('MalformedPOSTRequest');
  const form = await read(request, boundary);
  const fields = new Map(form.fields.map(({ name, value }) => [name.toLowerCase(), value]));
  fields.set('bucket', request.bucket);
  const key = fields.get('key');
  if (key === undefined || key === '')
    throw refuse(
      'InvalidArgument',
      "Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields.",
    );
  if (!form.file) throw refuse('InvalidArgument', 'POST requires exactly one file upload per request.');
  const named = key.replaceAll('${filename}', form.file.filename ?? '');
  // The policy is held to the key as it will be.
  fields.set('key', named);
  const policy = policyOf(fields);
  const session = identify(request, fields, place);
  try {
    if (policy) hold(policy, fields);
    const range = policy && formRange(policy);
    const asHeaders = withFields(request, fields, form.file.contentType);
    const { tagging, ...said } = { tagging: tagsOf(fields), ...dropUndefined(saidChecksum(asHeaders)) };
    const { tags: _, ...traits } = traitHeaders(asHeaders);
    const input = { key: named, ...keptHeaders(asHeaders), ...traits, ...(tagging ? { tags: tagging } : {}), ...said };
    const identified: Identified = { session, form: { kind: 'unsigned' }, how: fields.has('policy') ? 'form' : 'none' };
    place.trace.identified = identityOf(identified);
    const context = contextOf(asHeaders, identified);
    const body = bounded(form.file.bytes, range ?? { least: 0, most: putMaxBytes });
    const more = { signal: place.signal, requestId: place.id.requestId, context, body };
    const { output } = await session.invoke('PutObject', request.bucket, input, more);
    for await (const __ of rawBody(request)) continue;
    reply(request, place.id, fields, { key: named, etag: output.etag, headers: writtenHeaders(output) });
  } finally {
    session.end();
  }
}

async function read(request: S3Request, boundary: string): Promise<Form> {
  try {
    return await readForm(rawBody(request), boundary, { fieldsMaxBytes: formFieldsMaxBytes, fieldsMax: formFieldsMax });
  } catch (error) {
    if (error instanceof FormError) throw refuse('MalformedPOSTRequest', error.message);
    throw error;
  }
}

function policyOf(fields: ReadonlyMap<string, string>): FormPolicy | undefined {
  const text = fields.get('policy');
  if (text === undefined) return undefined;
  return readFormPolicy(Buffer.from(text, 'base64').toString('utf8')) ?? refusePolicy();
}

function refusePolicy(): never {
  throw refuse('InvalidPolicyDocument');
}

function identify(request: S3Request, fields: ReadonlyMap<string, string>, { gate, open }: FormPlace): Session<typeof storage> {
  const policy = fields.get('policy');
  if (policy === undefined) return open ? gate.present('open', {}) : anonymous(request, gate);
  if (fields.has('x-amz-credential') || fields.has('x-amz-signature')) {
    const signed = signedPolicy({
      policy,
      credential: fields.get('x-amz-credential') ?? '',
      timestamp: fields.get('x-amz-date') ?? '',
      signature: fields.get('x-amz-signature') ?? '',
    });
    if (!signed) throw refuse('InvalidArgument', 'The fields of the signature are not of the right form.');
    return gate.present('sigv4', { signed });
  }
  const [accessKeyId, signature] = [fields.get('awsaccesskeyid'), fields.get('signature')];
  if (!accessKeyId || !signature)
    throw refuse('InvalidArgument', 'Bucket POST must contain a field named AWSAccessKeyId and one named signature.');
  return gate.present('sigv4', { legacy: { form: 'policy', accessKeyId, signature, stringToSign: policy } });
}

function hold(policy: FormPolicy, fields: ReadonlyMap<string, string>): void {
  if (policy.expiresAt <= Date.now()) throw refuse('AccessDenied', 'Invalid according to Policy: Policy expired.');
  const broken = formFault(policy, fields);
  if (broken !== undefined) throw refuse('AccessDenied', `Invalid according to Policy: ${broken}`);
}

/** The fields as if they were headers: what a form may say of an object it says by the same names. */
function withFields(request: S3Request, fields: ReadonlyMap<string, string>, contentType: string | undefined): S3Request {
  const headers = new Map<string, readonly string[]>();
  for (const [name, value] of fields) headers.set(name === 'acl' ? 'x-amz-acl' : name, [Buffer.from(value, 'utf8').toString('latin1')]);
  if (!headers.has('content-type') && contentType !== undefined) headers.set('content-type', [contentType]);
  for (const name of ['x-amz-signature', 'x-amz-credential', 'x-amz-date', 'x-amz-algorithm', 'policy', 'tagging']) headers.delete(name);
  for (const name of ['referer', 'user-agent']) {
    const value = request.headers.get(name);
    if (value) headers.set(name, value);
  }
  return { ...request, headers };
}

function tagsOf(fields: ReadonlyMap<string, string>): Record<string, string> | undefined {
  const text = fields.get('tagging');
  if (text === undefined || text === '') return undefined;
  const { tags } = readDocument(Tagging, readXml(Buffer.from(text))) as { tags: { key: string; value: string }[] };
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

async function* bounded(bytes: Bytes, { least, most }: { least: number; most: number }): Bytes {
  let have = 0;
  for await (const piece of bytes) {
    have += piece.length;
    if (have > most) throw refuse('EntityTooLarge');
    yield piece;
  }
  if (have < least) throw refuse('EntityTooSmall');
}

type Posted = { readonly key: string; readonly etag: string; readonly headers: ReturnType<typeof writtenHeaders> };

/** Answers as the form asks: by a redirection, by 200, by 201 with a document, or by 204. */
function reply(request: S3Request, id: ReplyId, fields: ReadonlyMap<string, string>, { key, etag, headers }: Posted): void {
  const location = `http://${request.incoming.headers.host ?? ''}${request.rawPath.replace(/\/$/, '')}/${encodeURIComponent(key)}`;
  const told = { ETag: quoted(etag), Location: location, ...headers };
  const redirect = redirection(fields.get('success_action_redirect') ?? fields.get('redirect'), {
    bucket: request.bucket,
    key,
    etag: quoted(etag),
  });
  if (redirect !== undefined) return replyEmpty(request.response, id, 303, { ...told, Location: redirect });
  const status = fields.get('success_action_status');
  if (status === '200') return replyEmpty(request.response, id, 200, told);
  if (status !== '201') return replyEmpty(request.response, id, 204, told);
  // The one document of S3 that stands in no namespace.
  const document: XmlNode = [
    'PostResponse',
    [
      ['Location', location],
      ['Bucket', request.bucket],
      ['Key', key],
      ['ETag', quoted(etag)],
    ],
  ];
  const body = Buffer.from(writeXml(document));
  writeHead(request.response, id, 201, { 'Content-Type': 'application/xml', 'Content-Length': body.length, ...told });
  request.response.end(body);
}

function redirection(address: string | undefined, more: Readonly<Record<string, string>>): string | undefined {
  if (address === undefined || !URL.canParse(address) || !/^https?:/i.test(address)) return undefined;
  const query = Object.entries(more)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return `${address}${address.includes('?') ? '&' : '?'}${query}`;
}
