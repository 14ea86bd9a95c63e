import { fault } from '#kernel/contract/fault.ts';
import { fieldsOf } from '../../domain/json.ts';
import type { Notice } from '../rail.ts';
import type { Mover } from '../step.ts';
import type { World } from '../world.ts';

/** Tells a rail what was decided; while it does not acknowledge, the step stays open and is taken up again. */
export const teller =
  (worlds: () => World): Mover =>
  async (at, { input }) => {
    const { rail, objects } = worlds();
    const method = await objects.get(at, 'payment_method', String(input.method));
    // Nobody can tell a network of a card that was erased: what is held on it ends by itself.
    if (!method) return { statements: [] };
    const { kind, name, amount, currency, trace } = input;
    const told: Notice = {
      ...{ kind: kind as Notice['kind'], name: String(name), method, amount: Number(amount), currency: String(currency) },
      trace: fieldsOf(trace),
    };
    if (!(await rail.tell(at, told))) throw fault('Unavailable', 'The card network does not acknowledge.');
    return { statements: [] };
  };
