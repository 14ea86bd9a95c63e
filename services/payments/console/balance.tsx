import { useOperation } from '#console/api/call.ts';
import { Figure } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { spoken } from '../domain/currency.ts';
import { Objects } from './objects.tsx';
import { lookMs } from './limits.ts';

type Part = { readonly amount: number; readonly currency: string };
export type Balance = { readonly available: readonly Part[]; readonly pending: readonly Part[] };

export const useBalance = () => useOperation<Balance>('payments', 'GetBalance', '', {}, { everyMs: lookMs });

/** What there is of each currency, what comes, and the lines that made it. */
export function BalancePage() {
  const reading = useBalance();
  const { available = [], pending = [] } = reading.value ?? {};
  const currencies = [...new Set([...available, ...pending].map(({ currency }) => currency))];
  const of = (parts: readonly Part[], currency: string) => parts.find((part) => part.currency === currency)?.amount ?? 0;
  return (
    <div className="stack">
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!reading.value && !reading.problem && <Waiting rows={2} />}
      <div className="figures">
        {currencies.map((currency) => (
          <Figure
            key={currency}
            label={currency.toUpperCase()}
            value={spoken(of(available, currency), currency)}
            note={`available; ${spoken(of(pending, currency), currency)} on its way`}
          />
        ))}
      </div>
      <Objects operation="ListBalanceTransactions" plural="balance-transactions" title="lines of the statement" />
      <Objects operation="ListPayouts" plural="payouts" title="payouts" />
    </div>
  );
}
