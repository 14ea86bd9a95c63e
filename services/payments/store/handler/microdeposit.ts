import { fieldsOf, type Json, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import { depositTriesMax } from '../limits.ts';
import { hiddenOf, paymentOf } from '../payment.ts';
import type { Kept } from '../object.ts';
import { found } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { assertSecret, take, unexpected } from './payment-intent.ts';

const kind = 'payment_intent';
/** What came to test accounts, as is published: two amounts, or a code. */
const [deposits, descriptor] = [[32, 45], 'SM11AA'] as const;

function isRight(amounts: Json | undefined, code: string | undefined): boolean {
  if (code !== undefined) return code.toUpperCase() === descriptor;
  const said = [...((amounts ?? []) as readonly number[])].toSorted((a, b) => a - b);
  return said.length === deposits.length && deposits.every((each, index) => said[index] === each);
}

/** Whoever says right what came to an account holds it, from now on; the debit goes its way. */
async function verify(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const step = desk.ids('step');
  const code = textOf(input.descriptor_code);
  if ((code === undefined) === (input.amounts == null))
    throw invalid('amounts', 'Say either amounts or descriptor_code.', 'parameter_missing');
  return world.steps.on(desk.at, id, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return (await found(world, desk.at, kind, id)).thing;
    const kept = await found(world, desk.at, kind, id);
    const intent = assertSecret(request, kept);
    if (intent.status !== 'requires_action' || fieldsOf(intent.next_action).type !== 'verify_with_microdeposits')
      throw unexpected(kept, `This PaymentIntent waits for no account to be verified: it has a status of ${String(intent.status)}.`);
    if (!isRight(input.amounts, code)) return wrong(request, kept, code !== undefined);
    const method = String(intent.payment_method);
    await changed(world, desk, 'payment_method', method, ({ thing, hidden }) => ({ next: thing, hidden: { ...hidden, verified: true } }));
    const { mandate = null, rate = {}, risk = null } = kept.hidden;
    return take(request, { kind: 'wait', id: step, input: { method, mandate, rate, risk, attempt: paymentOf(kept).attempts + 1 } });
  });
}

async function wrong({ world, desk, id }: Request, { hidden }: Kept, isCode: boolean): Promise<never> {
  const tries = (numberOf(hidden.deposits) ?? 0) + 1;
  const left = depositTriesMax - tries;
  const what = isCode ? 'descriptor_code' : 'amounts';
  const isOver = left <= 0;
  const change = (kept: Kept) => ({
    next: isOver ? { ...kept.thing, status: 'requires_payment_method', payment_method: null, next_action: null } : kept.thing,
    hidden: { ...hiddenOf(kept, {}), deposits: tries },
  });
  await changed(world, desk, kind, id, change);
  const ending = isOver ? 'attempts_exceeded' : `${what}_mismatch`;
  const message =
    `The ${isCode ? 'code' : 'amounts'} provided do not match what was sent to the bank account. ` +
    `You have ${Math.max(0, left)} verification attempts remaining.`;
  throw refuse('ParameterInvalid', message, { code: `payment_method_microdeposit_verification_${ending}`, param: what });
}

export const microdepositHandlers = (world: Request['world']) =>
  handlersOf(world, { VerifyPaymentIntentMicrodeposits: verify }) satisfies Partial<All>;
