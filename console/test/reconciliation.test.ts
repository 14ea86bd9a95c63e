import { bankStatement } from '#services/payments/engine/bank/statement.ts';
import { elsewhere, openFlow } from './fixture/flow.ts';
import { inBothSchemes, type Look } from './fixture/scheme.ts';
import { seen } from './fixture/visit.ts';

const flow = openFlow({ services: ['payments', 'ledger'] });

const make = (path: string, json: unknown) => elsewhere(flow, 'POST', `/payments/${path}`, json);
const account = 'NL91ABNA0417164300';

/** A bank that booked a gift twice, which nobody expected. */
async function fill(): Promise<void> {
  await make('settlement-accounts/-/open-settlement-account', { currency: 'nok', account });
  const gift = (servicer: string) => ({ amount: 5500, reference: `GIFT ${servicer}`, servicer, text: '', booked: '2026-10-02' });
  const statement = { id: 'S1', account, currency: 'nok', opening: 0, closing: 11_000, entries: [gift('B1'), gift('B2')] };
  const content = bankStatement(statement, new Date('2026-10-02T23:00:00Z'));
  await make('bank-statements/-/import-bank-statement', { content });
}

inBothSchemes('what a bank moved and nobody expected is written off on the page of reconciliation', { flow, fill, look });

async function look({ me, root }: Look): Promise<void> {
  const { page } = me;
  await page.goto(`${root}/payments/-/reconciliation`);
  const rows = page.getByRole('region', { name: 'Exceptions' }).getByRole('row');
  await rows.getByText('Came unexpectedly').first().waitFor();
  await page.getByText('110.00 nok').first().waitFor();
  await seen(me, '44-reconciliation');
  const before = await rows.count();
  await page.getByRole('button', { name: 'Resolve' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('55.00 nok').first().waitFor();
  await seen(me, '45-reconciliation-resolve');
  await dialog.getByRole('button', { name: 'Write off' }).click();
  await dialog.waitFor({ state: 'detached' });
  if (before > 2) await rows.nth(before - 1).waitFor({ state: 'detached' });
  else await page.getByText('All of it belongs together').waitFor();
}
