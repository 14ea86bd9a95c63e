import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Gate, Session } from '#kernel/contract/session.ts';
import { connectionOf } from '#kernel/listen/http.ts';
import { encode } from '#wire/sigv4/canonical.ts';
import { pageKey, redirectAll, redirectBy, type Redirection, type Website } from '../../domain/website.ts';
import type { storage } from '../../service.ts';
import { anonymous } from './authenticate.ts';
import { contextOf } from './context.ts';
import { internalError, refuse, wordError, type Worded } from './errors.ts';
import { readHeaders, readInput } from './object.ts';
import { type Headers, type ReplyId, replyEmpty, sendBytes, writeHead } from './reply.ts';
import type { S3Request } from './request.ts';

export type WebsitePlace = {
  readonly gate: Gate<typeof storage>;
  readonly id: ReplyId;
  readonly region: string;
  readonly signal: AbortSignal;
  readonly websiteOf: (bucket: string) => Website | undefined;
};

type Visit = WebsitePlace & { readonly request: S3Request; readonly site: Website; readonly session: Session<typeof storage> };

/** Serves a bucket as a website to anybody whom it lets read: pages, folders' indexes, redirections and error pages. */
export async function serveWebsite(request: S3Request, place: WebsitePlace): Promise<void> {
  try {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw refuse('MethodNotAllowed');
    const session = anonymous(request, place.gate);
    try {
      const site = place.websiteOf(request.bucket);
      if (!site) throw fault('NoSuchWebsiteConfiguration');
      await visit({ ...place, request, site, session });
    } finally {
      session.end();
    }
  } catch (error) {
    const worded = wordError(error, place.region);
    if (!worded || request.response.headersSent) throw error;
    replyPage(request, place.id, worded);
  }
}

async function visit(at: Visit): Promise<void> {
  const { request, site } = at;
  const away = redirectAll(site, request.key) ?? redirectBy(site.routingRules, request.key);
  if (away) return redirect(at, away);
  try {
    await sendPage(at, pageKey(site, request.key));
  } catch (error) {
    const worded = wordError(error, at.region);
    if (!worded || request.response.headersSent) throw error;
    await sendError(at, worded);
  }
}

/** Sends an object as a page; one that names another place sends the reader there. */
async function sendPage({ request, session, id, signal }: Visit, key: string, error?: number): Promise<void> {
  const context = contextOf(request, { session, form: { kind: 'unsigned' }, how: 'none' });
  const more = { signal, requestId: id.requestId, context };
  // Conditions and ranges are about the page asked for, not about what stands in for it.
  const input = error === undefined ? { ...readInput(request), key } : { key };
  const operation = request.method === 'HEAD' ? 'HeadObject' : 'GetObject';
  const { output, body } = await session.invoke(operation, request.bucket, input, more);
  if (output.notModified) return replyEmpty(request.response, id, 304, { ETag: `"${output.etag}"` });
  if (output.websiteRedirect !== undefined && error === undefined)
    return replyEmpty(request.response, id, 301, { Location: output.websiteRedirect });
  const { status, headers } = readHeaders(request, output);
  writeHead(request.response, id, error ?? status, headers);
  if (body) await sendBytes(request.response, body);
  else request.response.end();
}

/** What is answered when a page is not there: a folder's address, a rule's place, the site's page for errors, or S3's own. */
async function sendError(at: Visit, worded: Worded): Promise<void> {
  const { request, site } = at;
  const away = redirectBy(site.routingRules, request.key, worded.status);
  if (away) return redirect(at, away);
  const isFolder = request.key !== '' && !request.key.endsWith('/') && worded.status === 404;
  if (isFolder && (await isThere(at, pageKey(site, `${request.key}/`)))) return redirect(at, { status: 302, key: `${request.key}/` });
  const page = site.errorDocument?.key;
  if (page === undefined) return replyPage(request, at.id, worded);
  try {
    await sendPage(at, page, worded.status);
  } catch (error) {
    if (!wordError(error, at.region) || request.response.headersSent) throw error;
    replyPage(request, at.id, worded);
  }
}

async function isThere({ request, session, id, signal }: Visit, key: string): Promise<boolean> {
  const context = contextOf(request, { session, form: { kind: 'unsigned' }, how: 'none' });
  try {
    await session.invoke('HeadObject', request.bucket, { key }, { signal, requestId: id.requestId, context });
    return true;
  } catch (error) {
    if (error instanceof OperationError) return false;
    throw error;
  }
}

function redirect({ request, id }: Visit, { status, protocol, host, key }: Redirection): void {
  const { headers } = request.incoming;
  const own = connectionOf(request.incoming).secure ? 'https' : 'http';
  const Location = `${protocol ?? own}://${host ?? headers.host ?? ''}/${encode(key, true)}`;
  replyEmpty(request.response, id, status, { Location });
}

const escaped: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const plain = (text: string) => text.replace(/[&<>"]/g, (one) => escaped[one] ?? one);

/** The page of an error of a site that has none of its own. */
function replyPage(request: S3Request, id: ReplyId, { status, code, text }: Worded = internalError): void {
  const title = `${status} ${code}`;
  const items = [`Code: ${code}`, `Message: ${text}`, `Key: ${request.key}`, `RequestId: ${id.requestId}`, `HostId: ${id.hostId}`];
  const list = items.map((item) => `<li>${plain(item)}</li>`).join('\n');
  const page = `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<ul>\n${list}\n</ul>\n<hr/>\n</body>\n</html>\n`;
  const body = Buffer.from(page);
  const headers: Headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': body.length };
  writeHead(request.response, id, status, headers);
  request.response.end(request.method === 'HEAD' ? undefined : body);
}
