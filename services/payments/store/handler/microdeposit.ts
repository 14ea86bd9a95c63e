import { depositType, knowsDeposits } from '../../domain/deposit.ts';
import { fieldsOf, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import { depositTriesMax } from '../limits.ts';
import { hiddenOf, paymentOf } from '../payment.ts';
import type { Kept } from '../object.ts';
import { found } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { assertSecret, take, unexpected } from './payment-intent.ts';
import * as setup from './setup-intent.ts';

/** Whether what was said is right; tells the API's error, and counts, when it is not. */
async function checkDeposits({ world, desk, id, input }: Request, kind: string, { hidden }: Kept): Promise<void> {
  const isCode = input.descriptor_code != null;
  if (isCode === (input.amounts != null)) throw invalid('amounts', 'Say either amounts or descriptor_code.', 'parameter_missing');
  if (knowsDeposits(input.amounts, input.descriptor_code)) return;
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

const isWaiting = ({ status, next_action: action }: Thing): boolean =>
  status === 'requires_action' && fieldsOf(action).type === depositType;

/** Whoever says right what came to an account holds it, from now on; the debit goes its way. */
async function verifyPayment(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  const [kind, step] = ['payment_intent', desk.ids('step')];
  return world.steps.on(desk.at, id, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return (await found(world, desk.at, kind, id)).thing;
    const kept = await found(world, desk.at, kind, id);
    const intent = assertSecret(request, kept);
    if (!isWaiting(intent))
      throw unexpected(kept, `This PaymentIntent waits for no account to be verified: it has a status of ${String(intent.status)}.`);
    await checkDeposits(request, kind, kept);
    const method = String(intent.payment_method);
    await changed(world, desk, 'payment_method', method, ({ thing, hidden }) => ({ next: thing, hidden: { ...hidden, verified: true } }));
    const { mandate = null, rate = {}, risk = null } = kept.hidden;
    return take(request, { kind: 'wait', id: step, input: { method, mandate, rate, risk, attempt: paymentOf(kept).attempts + 1 } });
  });
}

/** The same of an account that is set up for later. */
async function verifySetup(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  return world.steps.on(desk.at, id, async () => {
    const kept = await found(world, desk.at, 'setup_intent', id);
    const intent = setup.assertSecret(request, kept);
    if (desk.again && kept.hidden.confirmedBy === desk.seed) return intent;
    if (!isWaiting(intent)) throw setup.unexpected(kept, 'verify the account of');
    await checkDeposits(request, 'setup_intent', kept);
    const method = await found(world, desk.at, 'payment_method', String(intent.payment_method));
    return setup.succeeded(request, kept, method, textOf(fieldsOf(kept.hidden.challenge).mandate) ?? null);
  });
}

export const microdepositHandlers = (world: Request['world']) =>
  handlersOf(world, {
    VerifyPaymentIntentMicrodeposits: verifyPayment,
    VerifySetupIntentMicrodeposits: verifySetup,
  }) satisfies Partial<All>;
