import type { AnyService, Operation } from '../contract/contract.ts';
import { type Fault, kernelFaults } from '../contract/fault.ts';
import { addressNameLengthMax, repeatKeyLengthMax } from './limits.ts';
import { exampleOf } from './example.ts';
import { type Components, openSchema } from './open-schema.ts';
import { type Route, routesOf } from './route.ts';

type Json = Record<string, unknown>;

export type OpenApiOptions = { readonly title?: string; readonly version?: string; readonly servers?: readonly string[] };

/** The OpenAPI 3.1 document of one or more contracts: plain JSON, the same for the same contracts. */
export function openApi(contracts: readonly AnyService[], options: OpenApiOptions = {}): Json {
  const schemas: Components = new Map([['Problem', problem]]);
  const paths: Record<string, Json> = {};
  for (const contract of contracts) {
    for (const route of routesOf(contract)) {
      const item = (paths[route.path] ??= {});
      item[route.method.toLowerCase()] = operationOf(contract, route, schemas);
    }
  }
  const [only] = contracts;
  return {
    openapi: '3.1.1',
    info: {
      title: options.title ?? (contracts.length === 1 && only ? `Gamut ${only.title}` : 'Gamut'),
      version: options.version ?? String(contracts.length === 1 && only ? only.version : 1),
      description: contracts.map((contract) => `**${contract.title}**: ${contract.text}`).join('\n\n'),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: (options.servers ?? ['/']).map((url) => ({ url, description: 'The platform that serves this document.' })),
    security: [{ bearer: [] }, { basic: [] }, { session: [] }, { certificate: [] }],
    tags: contracts.flatMap(tagsOf),
    paths,
    components: { securitySchemes, parameters, responses, schemas: Object.fromEntries(schemas) },
  };
}

function tagsOf(contract: AnyService): Json[] {
  const used = new Set(routesOf(contract).map((route) => route.kind));
  return Object.entries(contract.resources)
    .filter(([kind]) => used.has(kind))
    .map(([kind, { text }]) => ({ name: `${contract.name}.${kind}`, description: text }));
}

function operationOf(contract: AnyService, route: Route, schemas: Components): Json {
  const { definition } = route;
  const [first = definition.text] = definition.text.split(/(?<=\.) /);
  return {
    operationId: `${contract.name}.${route.operation}`,
    tags: [`${contract.name}.${route.kind}`],
    summary: first.replace(/\.$/, ''),
    description: [definition.text, repeats[definition.repeat], bodies[route.body]].filter(Boolean).join(' '),
    parameters: parametersOf(contract, route, schemas),
    ...requestBodyOf(contract, route, schemas),
    responses: responsesOf(contract, route, schemas),
    'x-gamut': {
      service: contract.name,
      operation: route.operation,
      effect: definition.effect,
      audit: definition.audit,
      repeat: definition.repeat,
    },
  };
}

const repeats = {
  natural: '',
  keyed: 'With an Idempotency-Key a repeat is answered from the stored reply.',
  refuse: 'A repeat is a new request, or is refused because the first one succeeded.',
};
const bodies: Readonly<Record<string, string>> = {
  in: 'The raw body of the request is the bytes.',
  out: 'The raw body of the answer is the bytes; the fields of the output are JSON, percent-encoded, in Gamut-Output.',
  both: 'Bytes travel raw in both directions.',
  watch: 'Answers server-sent events: `id` is the version, `event` is put, deleted, bookmark or end, `data` the change as JSON.',
};

function parametersOf(contract: AnyService, route: Route, schemas: Components): Json[] {
  const found: Json[] = [];
  if (route.path.includes('{name}')) {
    found.push({
      name: 'name',
      in: 'path',
      required: true,
      description: `Name of the ${route.kind}, percent-encoded.`,
      schema: { type: 'string', minLength: 1, maxLength: addressNameLengthMax },
    });
  }
  if (route.input === 'query') found.push(...queryParameters(contract, route, schemas));
  found.push({ $ref: '#/components/parameters/Environment' });
  if (route.definition.repeat === 'keyed') found.push({ $ref: '#/components/parameters/IdempotencyKey' });
  if (route.body === 'watch') found.push({ $ref: '#/components/parameters/LastEventId' });
  return found;
}

function queryParameters(contract: AnyService, route: Route, schemas: Components): Json[] {
  const input = openSchema(route.definition.input, contract.name, schemas);
  const required = new Set((input.required as string[] | undefined) ?? []);
  return Object.entries((input.properties as Record<string, Json> | undefined) ?? {}).map(([name, field]) => {
    const { description, ...schema } = field;
    const words = typeof description === 'string' ? { description } : {};
    const nested = schema.type === 'object' || (schema.type === 'array' && (schema.items as Json | undefined)?.type === 'object');
    const shape = nested && schema.type === 'object' ? { content: { 'application/json': { schema } } } : { schema };
    return { name, in: 'query', required: required.has(name), ...words, ...shape };
  });
}

function requestBodyOf(contract: AnyService, route: Route, schemas: Components): Json {
  if (route.body === 'in' || route.body === 'both') {
    return {
      requestBody: {
        required: true,
        description: 'The bytes, in any media type.',
        content: { 'application/octet-stream': { schema: {} } },
      },
    };
  }
  if (route.input !== 'json') return {};
  const schema = openSchema(route.definition.input, contract.name, schemas);
  const example = exampleOf(route.definition.input);
  const required = ((schema.required as unknown[] | undefined) ?? []).length > 0;
  return { requestBody: { required, content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } } } };
}

function responsesOf(contract: AnyService, route: Route, schemas: Components): Json {
  const found: Json = { [route.at === 'new' ? '201' : '200']: successOf(contract, route, schemas) };
  for (const [status, codes] of failuresOf(contract, route.definition)) {
    found[status] = {
      description: codes.map(([code, { text }]) => `\`${code}\`: ${text}`).join(' '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  found.default = { $ref: '#/components/responses/Problem' };
  return found;
}

function successOf(contract: AnyService, route: Route, schemas: Components): Json {
  const headers: Json = { 'X-Request-Id': { description: 'Finds this request in logs and audit.', schema: { type: 'string' } } };
  if (route.definition.repeat === 'keyed')
    headers['Idempotent-Replayed'] = { description: 'The reply is the stored one.', schema: { type: 'string', const: 'true' } };
  if (route.body === 'watch')
    return { description: 'Changes, as they happen.', headers, content: { 'text/event-stream': { schema: { type: 'string' } } } };
  const schema = openSchema(route.definition.output, contract.name, schemas, route.kind);
  if (route.body === 'out' || route.body === 'both' || route.method === 'HEAD') {
    headers['Gamut-Output'] = { description: 'The fields of the output: JSON, percent-encoded.', schema: { type: 'string' } };
    const content = route.method === 'HEAD' ? {} : { content: { 'application/octet-stream': { schema: {} } } };
    return { description: 'The bytes, with their fields in a header.', headers, ...content, 'x-gamut-output': schema };
  }
  return { description: 'Done.', headers, content: { 'application/json': { schema } } };
}

/** The operation's own errors and those that its shape can meet, by status. */
function failuresOf(contract: AnyService, operation: Operation): [string, [string, Fault][]][] {
  const named = ['BadInput', 'Unauthenticated', 'Expired', 'Denied', 'CrossSite', 'TooMany', 'Unavailable'];
  if ((operation.at ?? 'item') === 'item') named.push('NotFound');
  if (operation.effect === 'write') named.push('Residency', 'Conflict', 'DiskFull', 'JournalFull');
  const takesJson = operation.effect === 'write' && operation.body !== 'in' && operation.body !== 'both';
  if (takesJson || operation.posted) named.push('TooLarge', 'UnsupportedMedia');
  if (operation.repeat === 'keyed') named.push('RepeatConflict', 'RepeatInFlight');
  if (operation.quota?.some((quota) => contract.quotas[quota]?.kind === 'count')) named.push('QuotaExceeded');
  const rows: Readonly<Record<string, Fault>> = { ...kernelFaults, ...contract.errors };
  const byStatus = new Map<string, [string, Fault][]>();
  for (const code of new Set([...named, ...(operation.errors ?? [])])) {
    const row = rows[code];
    if (row) byStatus.set(String(row.status), [...(byStatus.get(String(row.status)) ?? []), [code, row]]);
  }
  return [...byStatus].sort(([one], [other]) => Number(one) - Number(other));
}

const problem: Json = {
  type: 'object',
  description: 'A problem document (RFC 9457).',
  required: ['type', 'title', 'status', 'code', 'requestId'],
  properties: {
    type: { type: 'string', description: 'urn:gamut:fault: and the code.' },
    title: { type: 'string', description: 'What this code means.' },
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: { type: 'string', description: 'What was the matter this time.' },
    code: { type: 'string', description: 'A row of the table of errors.' },
    path: { type: 'string', description: 'JSON pointer of the field that is wrong.' },
    requestId: { type: 'string', description: 'Finds this request in logs and audit.' },
  },
  examples: [
    {
      type: 'urn:gamut:fault:NotFound',
      title: 'There is no such resource.',
      status: 404,
      code: 'NotFound',
      requestId: '00000000-0000-4000-8000-000000000000',
    },
  ],
};

const securitySchemes: Json = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The bearer face of a credential.' },
  basic: { type: 'http', scheme: 'basic', description: 'The basic face of a credential: its id and password.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'gamut_session',
    description: 'A person logged in at the console; changes also need Gamut-Csrf. Over TLS the cookie is called `__Host-gamut_session`.',
  },
  certificate: { type: 'mutualTLS', description: 'A client certificate of this platform.' },
};

const parameters: Json = {
  Environment: {
    name: 'Gamut-Environment',
    in: 'header',
    required: false,
    description: 'Id of the environment to act in, for callers that have several.',
    schema: { type: 'string', pattern: '^[!-~]+$', maxLength: 128 },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Makes a repeat of this request harmless.',
    schema: { type: 'string', minLength: 1, maxLength: repeatKeyLengthMax, pattern: '^[ -~]+$' },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'The version to go on from.',
    schema: { type: 'string', maxLength: 40 },
  },
};

const responses: Json = {
  Problem: {
    description: 'The request was refused or failed.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  },
};
