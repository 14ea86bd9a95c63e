import type { HttpResponse } from '#engine/http1/response.ts';
import { type CorsRule, matchingRule } from '../../domain/cors.ts';
import { refuse } from './errors.ts';
import { type Headers, type ReplyId, replyEmpty } from './reply.ts';
import { header, type S3Request } from './request.ts';

/** Answers a browser's question whether a page of another site may ask something (Fetch 3.2). */
export function preflight(request: S3Request, id: ReplyId, rules: readonly CorsRule[] | undefined): void {
  const [origin, method] = [header(request, 'origin'), header(request, 'access-control-request-method')];
  if (!origin) throw refuse('BadRequest', 'Insufficient information. Origin request header needed.');
  if (!method) throw refuse('BadRequest', 'Invalid Access-Control-Request-Method: null');
  const asked = (header(request, 'access-control-request-headers') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const rule = rules && matchingRule(rules, origin, method, asked);
  if (!rule) throw refuse('AccessForbidden');
  replyEmpty(request.response, id, 200, corsHeaders(rule, origin, asked));
}

/** Tells a browser that the page it asks for may read the reply. */
export function allowOrigin(request: S3Request, response: HttpResponse, rules: readonly CorsRule[]): void {
  const origin = header(request, 'origin') ?? '';
  const rule = matchingRule(rules, origin, header(request, 'access-control-request-method') ?? request.method, []);
  if (!rule) return;
  for (const [name, value] of Object.entries(corsHeaders(rule, origin, []))) if (value !== undefined) response.setHeader(name, value);
}

function corsHeaders(rule: CorsRule, origin: string, asked: readonly string[]): Headers {
  const isAny = rule.allowedOrigins.includes('*');
  return {
    'Access-Control-Allow-Origin': isAny ? '*' : origin,
    'Access-Control-Allow-Methods': rule.allowedMethods.join(', '),
    'Access-Control-Allow-Headers': asked.length > 0 ? asked.join(', ').toLowerCase() : undefined,
    'Access-Control-Expose-Headers': rule.exposeHeaders?.length ? rule.exposeHeaders.join(', ') : undefined,
    'Access-Control-Max-Age': rule.maxAgeSeconds,
    'Access-Control-Allow-Credentials': isAny ? undefined : 'true',
    Vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}
