import type { AnyService, Operation } from '../contract/contract.ts';
import { labelledFields } from '../contract/label.ts';
import type { Bytes, More, Result } from '../contract/session.ts';
import { maskLabelled } from '../privacy/mask.ts';
import type { Standing } from './standing.ts';

const watched = (contract: AnyService, spec: Operation) => (spec.body === 'watch' ? contract.resources[spec.on]?.spec : undefined);

/**
 * Whether the reply's personal fields are masked. Who asks to see them must be allowed to, and is in the audit log before they
 * do; a browser session sees them only so, other callers when they are allowed to. What a resource's own rules open to others is
 * theirs to see as it is.
 */
export function hides(
  standing: Standing,
  contract: AnyService,
  operation: string,
  name: string,
  spec: Operation,
  more: More,
  reveal: () => Promise<unknown>,
): boolean | Promise<boolean> {
  const spoken = watched(contract, spec);
  if (more.nested || (labelledFields(spec.output).length === 0 && (!spoken || labelledFields(spoken).length === 0))) return false;
  if (more.reveal) return reveal().then(() => false);
  if (standing.identified.face === 'session') return true;
  const asked = standing.decide(operation, name);
  if (!asked.denied && asked.unproven) return false;
  const decided = standing.decide('RevealPersonal', operation);
  return decided.denied !== undefined || decided.unproven !== undefined;
}

/** The reply with its personal fields masked. */
export function maskReply(contract: AnyService, spec: Operation, result: Result<unknown>): Result<unknown> {
  const spoken = watched(contract, spec);
  const output = maskLabelled(spec.output, result.output);
  return result.body && spoken ? { ...result, output, body: maskChanges(spoken, result.body) } : { ...result, output };
}

type Spec = Parameters<typeof maskLabelled>[0];

/** Changes come as one line of JSON in each piece. */
async function* maskChanges(spec: Spec, body: Bytes): Bytes {
  for await (const piece of body) {
    const change = JSON.parse(Buffer.from(piece).toString()) as { resource?: { spec?: unknown } };
    const { resource } = change;
    yield resource
      ? Buffer.from(`${JSON.stringify({ ...change, resource: { ...resource, spec: maskLabelled(spec, resource.spec) } })}\n`)
      : piece;
  }
}
