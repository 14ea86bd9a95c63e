import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { useUsage } from '#console/api/usage.ts';
import { Spark } from '#console/chart/spark.tsx';
import { exactCount, plural } from '#console/format/quantity.ts';
import { Amount } from '#console/part/amount.tsx';
import { Figure } from '#console/part/page.tsx';
import { Status } from '#console/part/status.tsx';
import { spoken } from '../domain/currency.ts';
import { useBalance } from './balance.tsx';
import { pageMax } from '../contract/limits.ts';
import { lookMs, recentPaymentsMax } from './limits.ts';
import { Objects } from './objects.tsx';
import type { Row } from './row.ts';

const useRows = (operation: string) =>
  useOperation<{ data: readonly Row[] }>('payments', operation, '', { limit: pageMax }, { everyMs: lookMs }).value?.data;

/** What there is, how payments go, what is contested, and the payments that come in. */
export function PaymentsOverview() {
  const link = useLink();
  const usage = useUsage('day', false, 'payments');
  const { available = [] } = useBalance().value ?? {};
  const [charges, disputes] = [useRows('ListCharges'), useRows('ListDisputes')];
  const good = charges?.filter(({ status }) => status === 'succeeded').length ?? 0;
  const open = disputes?.filter(({ status = '' }) => status.endsWith('needs_response')).length ?? 0;
  const series = usage.series?.find(({ meter }) => meter === 'request');
  const [first, ...others] = available.toSorted((one, other) => other.amount - one.amount);
  return (
    <div className="stack">
      <div className="figures">
        <Figure
          label="Available"
          to={link('payments', 'balances')}
          value={first ? spoken(first.amount, first.currency) : 'nothing yet'}
          note={others.length > 0 ? others.map(({ amount, currency }) => spoken(amount, currency)).join(', ') : 'to be paid out'}
        />
        <Figure
          label="Went well"
          to={link('payments', 'charges')}
          value={charges && charges.length > 0 ? `${Math.round((good / charges.length) * 100)} %` : ' '}
          note={`of the last ${exactCount(charges?.length ?? 0)} ${plural(charges?.length ?? 0, 'attempt')}`}
        />
        <Figure
          label="Contested"
          to={link('payments', 'disputes')}
          value={exactCount(disputes?.length ?? 0)}
          note={open > 0 ? <Status tone="warn">{`${exactCount(open)} to be answered`}</Status> : 'nothing to be answered'}
        />
        <Figure label="Requests" value={<Amount value={series?.total ?? 0} unit="request" bare />} note="in 24 hours">
          <Spark values={series?.values ?? []} label="Requests by the hour" />
        </Figure>
      </div>
      <Objects operation="ListPaymentIntents" plural="payment-intents" title="payments" most={recentPaymentsMax} />
    </div>
  );
}
