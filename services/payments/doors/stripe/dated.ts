import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Session } from '#kernel/contract/session.ts';
import type { Thing } from '../../domain/json.ts';
import { inVersion, isVersion, plainVersion } from '../../domain/version.ts';
import type { payments } from '../../service.ts';
import { pageMax } from '../../contract/limits.ts';
import { expandedMax } from './limits.ts';

type Reader = Pick<Session<typeof payments>, 'invoke'>;

/** The version that a request names, checked; undefined where it names none. */
export function versionOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const version = plainVersion(header);
  if (isVersion(version)) return version;
  const cause = { type: 'invalid_request_error' };
  throw fault('BadInput', { detail: `Invalid Stripe API version: ${version.slice(0, 40)}`, cause });
}

/** An answer as its version shows it; what that needs besides is read by the same caller, who does not see what is not theirs. */
export function datedAnswer(session: Reader, value: unknown, version: string | undefined): Promise<unknown> {
  if (version === undefined) return Promise.resolve(value);
  let reads = 0;
  const all = async (operation: 'ListCharges' | 'ListRefunds', input: object): Promise<readonly Thing[]> => {
    reads += 1;
    if (reads > expandedMax)
      throw fault('BadInput', `One request shows at most ${expandedMax} objects of a version this old; ask for fewer.`);
    try {
      const { output } = await session.invoke(operation, '', { ...input, limit: pageMax } as never, { nested: true });
      return (output as { data: readonly Thing[] }).data;
    } catch (error) {
      if (error instanceof OperationError && error.code === 'Denied') return [];
      throw error;
    }
  };
  return inVersion(value, version, {
    charges: (intent) => all('ListCharges', { payment_intent: intent }),
    refunds: (charge) => all('ListRefunds', { charge }),
  });
}
