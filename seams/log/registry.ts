import { request as secureRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { LogError } from './error.ts';
import { registryAnswerMax, requestMs, schemaReferencesMax } from './limits.ts';

export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF';
/** A schema; what it names, directly or through others, stands in `references`, what is named before what names it. */
export type RegisteredSchema = {
  readonly type: SchemaType;
  readonly text: string;
  readonly references: readonly { readonly name: string; readonly text: string }[];
};

/** A registry of schemas by URL: our own, Confluent's, Karapace's or another with its REST interface. */
export type Registry = {
  /** A schema by its number; undefined where there is none. */
  schema(id: number): Promise<RegisteredSchema | undefined>;
  /** Makes a schema the next version of a subject, unless it is one already; answers its number. */
  register(subject: string, type: SchemaType, text: string): Promise<number>;
};

type Options = {
  /** What says who comes. */
  readonly headers?: () => Promise<Readonly<Record<string, string>>>;
  /** The authority of the registry's certificate, in PEM, where the system does not know it. */
  readonly ca?: string;
};

type Reference = { readonly name: string; readonly subject: string; readonly version: number };
type Told = { readonly schema: string; readonly schemaType?: SchemaType; readonly references?: readonly Reference[] };

// An import of it loads a fetch as well.
const { request: plainRequest } = process.getBuiltinModule('node:http');
const media = 'application/vnd.schemaregistry.v1+json';

export function openRegistry(url: string, { headers = async () => ({}), ca }: Options = {}): Registry {
  async function ask(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; json: unknown }> {
    const target = new URL(path, url);
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const all = { accept: media, ...(sent === undefined ? {} : { 'content-type': media }), ...(await headers()) };
    const isSecure = target.protocol === 'https:';
    const call = (isSecure ? secureRequest : plainRequest)(target, { method, headers: all, ...(isSecure && ca ? { ca } : {}) });
    call.setTimeout(requestMs, () => call.destroy(new Error('the registry is silent')));
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        call.once('response', resolve).once('error', reject).end(sent);
      });
      const text = (await readAll(answer)).toString();
      return { status: answer.statusCode ?? 0, json: text === '' ? undefined : JSON.parse(text) };
    } catch (error) {
      if (error instanceof LogError) throw error;
      throw new LogError('Unreachable', `The registry of schemas: ${String(error)}`);
    }
  }

  const checked = ({ status, json }: { status: number; json: unknown }): unknown => {
    if (status >= 200 && status <= 299) return json;
    const { message = `status ${status}` } = (json ?? {}) as { readonly message?: string };
    const isPassing = status >= 500 || status === 429;
    const code = status === 401 || status === 403 ? 'CLUSTER_AUTHORIZATION_FAILED' : isPassing ? 'Unreachable' : 'INVALID_REQUEST';
    throw new LogError(code, `The registry of schemas: ${message}`);
  };

  /** Reads what a schema names, and before it what that names. */
  async function resolve(references: readonly Reference[], found: Map<string, string>): Promise<void> {
    for (const { name, subject, version } of references) {
      if (found.has(name)) continue;
      const asked = await ask('GET', `/subjects/${encodeURIComponent(subject)}/versions/${version}?deleted=true`);
      const told = checked(asked) as Told;
      await resolve(told.references ?? [], found);
      found.set(name, told.schema);
      if (found.size > schemaReferencesMax)
        throw new LogError('INVALID_REQUEST', `A schema names more than ${schemaReferencesMax} others.`);
    }
  }

  return {
    async schema(id) {
      const asked = await ask('GET', `/schemas/ids/${id}`);
      if (asked.status === 404) return undefined;
      const { schema, schemaType = 'AVRO', references = [] } = checked(asked) as Told;
      const found = new Map<string, string>();
      await resolve(references, found);
      return { type: schemaType, text: schema, references: [...found].map(([name, text]) => ({ name, text })) };
    },
    async register(subject, schemaType, schema) {
      const asked = await ask('POST', `/subjects/${encodeURIComponent(subject)}/versions`, { schemaType, schema });
      return (checked(asked) as { readonly id: number }).id;
    },
  };
}

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > registryAnswerMax) throw new LogError('INVALID_REQUEST', 'The registry of schemas answers more than a schema can be.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
