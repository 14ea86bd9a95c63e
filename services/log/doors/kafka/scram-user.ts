import { createHash, createHmac } from 'node:crypto';
import { OperationError } from '#kernel/contract/fault.ts';
import type { RequestOf } from '#wire/kafka/api.ts';
import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import { alterUserScramCredentials, describeUserScramCredentials } from '#wire/kafka/message/access.ts';
import { type Asking, route } from './exchange.ts';
import { scramRoundsMax, scramRoundsMin, userNameMax } from './limits.ts';
import { wordError } from './errors.ts';

// KIP-554. A user is a credential of the environment that holds verifiers alone: nobody here ever learns the password.

const mechanisms = {
  1: { name: 'SCRAM-SHA-256', hash: 'sha256', bytes: 32 },
  2: { name: 'SCRAM-SHA-512', hash: 'sha512', bytes: 64 },
} as const;
const mechanismOf = (number: number) => (number === 1 || number === 2 ? mechanisms[number] : undefined);
const numbers = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 } as const;
const denied = 'CLUSTER_AUTHORIZATION_FAILED';

type Told = { readonly mechanism: keyof typeof numbers; readonly rounds: number };
type Credentials = { readonly items: readonly { spec: { login?: string; verifiers?: readonly Told[] } }[]; readonly next?: string };
type Info = { mechanism: number; iterations: number };

/** The users of the caller's environment. Throws what the directory throws. */
async function users({ directory, session }: Asking): Promise<Map<string, Info[]>> {
  const found = new Map<string, Info[]>();
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = (await directory.ask(session.caller, 'ListCredentials', '', { verifiers: true, after, limit: 1000 })) as Credentials;
    for (const { spec } of page.items)
      if (spec.login !== undefined)
        found.set(
          spec.login,
          (spec.verifiers ?? []).map(({ mechanism, rounds }) => ({ mechanism: numbers[mechanism], iterations: rounds })),
        );
    after = page.next;
  }
  return found;
}

const answerDescribe = route(describeUserScramCredentials, async (message, asking) => {
  try {
    const found = await users(asking);
    const wanted = message.users === null || message.users.length === 0 ? [...found.keys()] : message.users.map(({ name }) => name);
    const results = wanted.sort().map((user, at) => {
      const refuse = (name: ErrorName, errorMessage: string) => ({ user, errorCode: errorCode[name], errorMessage, credentialInfos: [] });
      if (wanted[at - 1] === user || wanted[at + 1] === user) return refuse('DUPLICATE_RESOURCE', 'The user is asked for twice.');
      const credentialInfos = found.get(user);
      if (!credentialInfos) return refuse('RESOURCE_NOT_FOUND', `Attempt to describe a user credential that does not exist: ${user}`);
      return { user, errorCode: 0, errorMessage: null, credentialInfos };
    });
    return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, results: unique(results) };
  } catch (error) {
    return { throttleTimeMs: 0, ...wordError(error, denied), results: [] };
  }
});

const unique = <T extends { readonly user: string }>(results: readonly T[]): T[] => [
  ...new Map(results.map((result) => [result.user, result])).values(),
];

type Message = RequestOf<typeof alterUserScramCredentials>;
type Upsertion = Message['upsertions'][number];
type Change = { readonly deletions: Message['deletions']; readonly upsertions: Upsertion[] };
type Refusal = { readonly name: ErrorName; readonly errorMessage: string };

/** RFC 5802 3: what a server keeps, from what the client salted. */
function verifierOf({ mechanism, iterations, salt, saltedPassword }: Upsertion) {
  const { name, hash } = mechanisms[mechanism as 1 | 2];
  const clientKey = createHmac(hash, saltedPassword).update('Client Key').digest();
  return {
    mechanism: name,
    rounds: iterations,
    salt: salt.toString('base64'),
    storedKey: createHash(hash).update(clientKey).digest('base64'),
    serverKey: createHmac(hash, saltedPassword).update('Server Key').digest('base64'),
  };
}

function changeFault(user: string, { deletions, upsertions }: Change): Refusal | undefined {
  if (user === '' || user.length > userNameMax)
    return { name: 'UNACCEPTABLE_CREDENTIAL', errorMessage: 'Username must not be empty or too long.' };
  const asked = [...deletions, ...upsertions].map(({ mechanism }) => mechanism);
  if (asked.some((mechanism) => !mechanismOf(mechanism)))
    return { name: 'UNSUPPORTED_SASL_MECHANISM', errorMessage: 'Unknown SCRAM mechanism.' };
  if (new Set(asked).size < asked.length)
    return { name: 'DUPLICATE_RESOURCE', errorMessage: 'A user credential cannot be altered twice in the same request.' };
  for (const { mechanism, iterations, salt, saltedPassword } of upsertions) {
    if (iterations < scramRoundsMin) return { name: 'UNACCEPTABLE_CREDENTIAL', errorMessage: 'Too few iterations.' };
    if (iterations > scramRoundsMax) return { name: 'UNACCEPTABLE_CREDENTIAL', errorMessage: 'Too many iterations.' };
    if (salt.length === 0 || saltedPassword.length !== mechanismOf(mechanism)?.bytes)
      return { name: 'UNACCEPTABLE_CREDENTIAL', errorMessage: 'The salt is empty, or the salted password has another length.' };
  }
  return undefined;
}

async function alter({ directory, session }: Asking, user: string, change: Change) {
  const refuse = ({ name, errorMessage }: Refusal) => ({ user, errorCode: errorCode[name], errorMessage });
  const fault = changeFault(user, change);
  if (fault) return refuse(fault);
  try {
    await directory.ask(session.caller, 'AlterVerifiers', '', {
      login: user,
      put: change.upsertions.map(verifierOf),
      drop: change.deletions.flatMap(({ mechanism }) => mechanismOf(mechanism)?.name ?? []),
    });
    return { user, errorCode: 0, errorMessage: null };
  } catch (error) {
    const code = error instanceof OperationError ? error.code : undefined;
    if (code === 'NotFound')
      return refuse({ name: 'RESOURCE_NOT_FOUND', errorMessage: 'Attempt to delete a user credential that does not exist' });
    if (code === 'Conflict' || code === 'BadInput')
      return refuse({ name: 'UNACCEPTABLE_CREDENTIAL', errorMessage: (error as Error).message });
    return { user, ...wordError(error, denied) };
  }
}

const answerAlter = route(alterUserScramCredentials, async ({ deletions, upsertions }, asking) => {
  const named = [...new Set([...deletions, ...upsertions].map(({ name }) => name))];
  const results = [];
  for (const user of named) {
    const of = <T extends { name: string }>(all: readonly T[]) => all.filter(({ name }) => name === user);
    results.push(await alter(asking, user, { deletions: of(deletions), upsertions: of(upsertions) }));
  }
  return { throttleTimeMs: 0, results };
});

export const scramUserRoutes = [answerDescribe, answerAlter];
