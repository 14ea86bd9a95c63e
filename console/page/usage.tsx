import { Route, Routes } from 'react-router';
import { useMay } from '../api/call.ts';
import { useLink } from '../api/place.ts';
import { PageHead, Tabs } from '../part/page.tsx';
import { Budgets } from './budgets.tsx';
import { Quotas } from './quotas.tsx';
import { UsageMeters } from './usage-meters.tsx';

/** What was used, what is meant to be, and what may be. */
export default function Usage() {
  const link = useLink();
  const may = useMay('platform');
  const at = (...rest: readonly string[]) => link('platform', 'usage', ...rest);
  return (
    <div className="page">
      <PageHead
        title="Usage"
        text="Counted to the last request and byte, in windows of a minute. These are the numbers a bill is made of."
      />
      <Tabs
        label="Usage"
        tabs={[
          { to: at(), label: 'Meters', end: true },
          ...(may('ListBudgets') ? [{ to: at('-', 'budgets'), label: 'Budgets' }] : []),
          ...(may('ListQuotas') ? [{ to: at('-', 'quotas'), label: 'Quotas' }] : []),
        ]}
      />
      <Routes>
        <Route index element={<UsageMeters />} />
        <Route path="-/budgets" element={<Budgets />} />
        <Route path="-/quotas" element={<Quotas />} />
      </Routes>
    </div>
  );
}
