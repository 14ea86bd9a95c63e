import { createHash, randomUUID } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { headerMap } from '#wire/sigv4/canonical.ts';
import { readSigned } from '#wire/sigv4/sigv4.ts';
import { writeXml, type XmlNode } from '#wire/xml/write.ts';
import { fault } from '../../contract/fault.ts';
import type { Gate, Session } from '../../contract/session.ts';
import { readBody } from '../../listen/body.ts';
import { type HttpDoor, type HttpOptions, httpServer } from '../../listen/http.ts';
import { operatingError } from '../../session/seam-error.ts';
import { formatId } from '../../tenancy/id.ts';
import type { platform } from '../service.ts';
import { malformedSts, StsError, stsErrorXml, stsNamespace, wordStsError } from './error.ts';
import { stsBodyMaxBytes, stsFieldsMax } from './limits.ts';

type Platform = typeof platform;
type Fields = ReadonlyMap<string, string>;
type Action = (session: Session<Platform>, fields: Fields) => Promise<readonly XmlNode[]>;

/** Opens STS: the AWS query protocol, version 2011-06-15, every request signed by Signature V4 for the service sts. */
export function openSts(options: HttpOptions, gate: Gate<Platform>): Promise<HttpDoor> {
  return httpServer({ ...options, malformed: malformedSts }, async (request, response) => {
    const requestId = randomUUID();
    try {
      const body = await readBody(request, stsBodyMaxBytes);
      const fields = fieldsOf(request, body);
      const session = authenticate(request, body, gate);
      const name = fields.get('Action') ?? '';
      const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
      if (!action) throw new StsError(400, 'InvalidAction', `The action ${JSON.stringify(name)} is not one that is answered here.`);
      reply(response, 200, xmlOf(name, await action(session, fields), requestId), requestId);
    } catch (thrown) {
      const error = operatingError(thrown);
      const worded = wordStsError(error);
      if (!worded) options.log?.('error', 'a request failed', { requestId, error: error instanceof Error ? error.stack : String(error) });
      const said = worded ?? { status: 500, code: 'InternalFailure', text: 'The request failed; its id finds the reason in the log.' };
      reply(response, said.status, stsErrorXml(said, requestId), requestId);
    }
  });
}

/** The fields of the query and of a form in the body; a field that comes twice is refused. */
function fieldsOf(request: HttpRequest, body: Buffer): Fields {
  const query = (request.url ?? '').split('?').slice(1).join('?');
  const fields = new Map<string, string>();
  for (const text of [query, body.toString('utf8')])
    for (const [name, value] of new URLSearchParams(text)) {
      if (fields.has(name) || fields.size >= stsFieldsMax)
        throw new StsError(400, 'MalformedQueryString', `${name.slice(0, 60)} comes twice, or there are too many fields.`);
      fields.set(name, value);
    }
  const version = fields.get('Version');
  if (version !== undefined && version !== '2011-06-15')
    throw new StsError(400, 'NoSuchVersion', 'The version answered here is 2011-06-15.');
  return fields;
}

function authenticate(request: HttpRequest, body: Buffer, gate: Gate<Platform>): Session<Platform> {
  const [rawPath = '/', ...rest] = (request.url ?? '/').split('?');
  const headers = headerMap(request.rawHeaders);
  const hash = createHash('sha256').update(body).digest('hex');
  const claimed = headers.get('x-amz-content-sha256')?.[0];
  if (claimed !== undefined && claimed !== hash && claimed !== 'UNSIGNED-PAYLOAD')
    throw new StsError(400, 'IncompleteSignature', 'The body is not the one that was signed.');
  const signed = readSigned({ method: request.method ?? 'POST', rawPath, rawQuery: rest.join('?'), headers }, hash);
  if (signed?.form === 'malformed') throw new StsError(400, 'IncompleteSignature', signed.text);
  if (!signed) throw fault('Unauthenticated', { path: 'missing', detail: 'The request is not signed.' });
  if (signed.payloadHash !== hash) throw new StsError(400, 'IncompleteSignature', 'The body has to be signed.');
  return gate.present('sigv4', { signed, service: 'sts' });
}

/** AWS accounts are numbers of twelve digits; ours are scopes, whose number is cut to that length. */
const accountOf = (scope: bigint): string => (scope % 1_000_000_000_000n).toString().padStart(12, '0');

/** `assumed-<role>/<session>` is the principal of a temporary credential with a role. */
function arnOf({ caller }: Session<Platform>): { arn: string; userId: string } {
  const account = accountOf(caller.scope);
  const id = caller.credential === 0n ? caller.principal : formatId(caller.credential);
  const assumed = /^assumed-([^/]+)\/(.+)$/.exec(caller.principal);
  if (assumed) return { arn: `arn:aws:sts::${account}:assumed-role/${assumed[1]}/${assumed[2]}`, userId: `${id}:${assumed[2]}` };
  return { arn: `arn:aws:iam::${account}:user/${caller.principal}`, userId: id };
}

/** Parameters that would narrow or mark a session, and must not be ignored. */
const unanswered = [
  'Policy',
  'SerialNumber',
  'TokenCode',
  'ExternalId',
  'SourceIdentity',
  'ProvidedContexts',
  'Tags',
  'PolicyArns',
  'TransitiveTagKeys',
];

function refuseUnanswered(fields: Fields): void {
  for (const name of fields.keys()) {
    const [first = ''] = name.split('.');
    if (unanswered.includes(first)) throw new StsError(501, 'NotImplemented', `${first} is not implemented.`);
  }
}

function durationOf(fields: Fields): { durationSeconds?: number } {
  const text = fields.get('DurationSeconds');
  if (text === undefined) return {};
  if (!/^\d{1,9}$/.test(text)) throw new StsError(400, 'ValidationError', 'DurationSeconds is not a number.');
  return { durationSeconds: Number(text) };
}

type Made = { accessKeyId: string; secretAccessKey: string; sessionToken: string; expiresAt: number };

const credentialsXml = (made: Made): XmlNode => [
  'Credentials',
  [
    ['AccessKeyId', made.accessKeyId],
    ['SecretAccessKey', made.secretAccessKey],
    ['SessionToken', made.sessionToken],
    ['Expiration', new Date(made.expiresAt).toISOString().replace(/\.\d+Z$/, 'Z')],
  ],
];

const actions: Readonly<Record<string, Action>> = {
  /** Says what the signature proved already, so there is nothing to decide: AWS asks for no permission either. */
  async GetCallerIdentity(session) {
    const { arn, userId } = arnOf(session);
    return [
      ['Arn', arn],
      ['UserId', userId],
      ['Account', accountOf(session.caller.scope)],
    ];
  },
  async AssumeRole(session, fields) {
    refuseUnanswered(fields);
    const account = accountOf(session.caller.scope);
    const [, of, role] = /^arn:aws:iam::(\d{12}):role\/([\w+=,.@/-]{1,64})$/.exec(fields.get('RoleArn') ?? '') ?? [];
    const sessionName = fields.get('RoleSessionName') ?? '';
    if (of === undefined || role === undefined)
      throw new StsError(400, 'ValidationError', `RoleArn has to be of the form arn:aws:iam::${account}:role/<role>.`);
    if (of !== account) throw new StsError(403, 'AccessDenied', 'Roles of other accounts are not assumed.');
    if (!/^[a-z][A-Za-z0-9]*$/.test(role)) throw new StsError(403, 'AccessDenied', `There is no role ${role}.`);
    const { output } = await session.invoke('AssumeRole', '', { role, sessionName, ...durationOf(fields) });
    const user: XmlNode = [
      'AssumedRoleUser',
      [
        ['Arn', `arn:aws:sts::${account}:assumed-role/${role}/${sessionName}`],
        ['AssumedRoleId', `${output.accessKeyId.slice(7).toLowerCase()}:${sessionName}`],
      ],
    ];
    return [credentialsXml(output), user];
  },
  async GetSessionToken(session, fields) {
    refuseUnanswered(fields);
    const { output } = await session.invoke('GetSessionToken', '', durationOf(fields));
    return [credentialsXml(output)];
  },
};

function xmlOf(action: string, result: readonly XmlNode[], requestId: string): string {
  const metadata: XmlNode = ['ResponseMetadata', [['RequestId', requestId]]];
  return writeXml([`${action}Response`, [[`${action}Result`, result], metadata], stsNamespace]);
}

function reply(response: HttpResponse, status: number, xml: string, requestId: string): void {
  const body = Buffer.from(xml);
  response.writeHead(status, {
    'content-type': 'text/xml',
    'content-length': body.length,
    'x-amzn-requestid': requestId,
    'cache-control': 'no-store',
  });
  response.end(body);
}
