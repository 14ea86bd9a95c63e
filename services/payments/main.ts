import { randomUUID } from 'node:crypto';
import { registerFaults } from '#kernel/contract/fault.ts';
import { implement } from '#kernel/contract/implement.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { openStripe } from './doors/stripe/door.ts';
import { keepSweeping } from './jobs/sweep.ts';
import { payments } from './service.ts';
import { chargeHandlers } from './store/handler/charge.ts';
import { customerHandlers } from './store/handler/customer.ts';
import { paymentIntentHandlers } from './store/handler/payment-intent.ts';
import { paymentMethodHandlers } from './store/handler/payment-method.ts';
import { statementHandlers } from './store/handler/statement.ts';
import { Money } from './store/money.ts';
import { authorizer } from './store/mover/authorize.ts';
import { canceler, capturer, increaser } from './store/mover/capture.ts';
import { refunder } from './store/mover/refund.ts';
import { Objects } from './store/object.ts';
import { repeatsOver } from './store/repeat.ts';
import { Secrets } from './store/secret.ts';
import { Steps } from './store/step.ts';
import type { World } from './store/world.ts';

registerFaults(payments.errors);

export const main = implement<typeof payments, Needs>(payments, async ({ needs, sealer, scopes, kindOf, log }) => {
  const { sql, ledgers } = needs;
  if (!sql || !ledgers) throw new TypeError('payments needs sql and a ledger');
  const objects = new Objects(sql, sealer);
  const secrets = new Secrets(sql, sealer);
  const it = () => world;
  const movers = { authorize: authorizer(it), capture: capturer(it), cancel: canceler(it), increment: increaser(it), refund: refunder(it) };
  const steps = new Steps(sql, objects, movers);
  const world: World = { objects, secrets, steps, money: new Money(ledgers), isLive: ({ scope }) => kindOf(scope) === 'live' };
  const stopSweeping = keepSweeping({ steps, scopes, log });
  return {
    handlers: {
      ...customerHandlers(world),
      ...paymentMethodHandlers(world),
      ...paymentIntentHandlers(world),
      ...chargeHandlers(world),
      ...statementHandlers(world, sql),
    },
    providers: Object.fromEntries(Object.keys(payments.resources).map((kind) => [kind, absent])) as never,
    repeats: repeatsOver({ sql, sealer, secrets, boot: randomUUID() }),
    doors: { stripe: openStripe },
    stop: stopSweeping,
  };
});

/** Objects have no attributes that policy could ask for. */
const absent = { attributes: () => undefined };

export const part = servicePart(main, { migrations: new URL('store/migration', import.meta.url) });
