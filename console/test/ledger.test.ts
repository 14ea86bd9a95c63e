import { elsewhere, openFlow } from './fixture/flow.ts';
import { inBothSchemes, type Look } from './fixture/scheme.ts';
import { seen } from './fixture/visit.ts';

const flow = openFlow({ services: ['ledger'] });

const make = (path: string, json: unknown) => elsewhere(flow, 'POST', `/ledger/${path}`, json);
const plain = { ledger: 1, code: 7 };

async function fill(): Promise<void> {
  await make('accounts/-/create-accounts', {
    accounts: [
      { id: '1001', ...plain, flags: ['history'] },
      { id: '1002', ...plain },
    ],
  });
  const between = { debitAccountId: '1002', creditAccountId: '1001', ...plain };
  await make('transfers/-/create-transfers', {
    transfers: [
      { id: '2001', ...between, amount: '1200' },
      { id: '2002', ...between, amount: '500', flags: ['pending'], userData64: '77' },
      { id: '2003', pendingId: '2002', amount: '300', flags: ['post'] },
      { id: '2004', debitAccountId: '1001', creditAccountId: '1002', ...plain, amount: '50' },
    ],
  });
}

inBothSchemes('the ledger shows that its books balance, what an account has seen and both sides of a transfer', { flow, fill, look });

async function look({ me, root }: Look): Promise<void> {
  const { page } = me;
  await page.goto(`${root}/ledger`);
  await page.getByText('balance', { exact: true }).waitFor();
  const found = page.getByRole('region', { name: 'Transfers found' });
  await found.getByRole('row').nth(4).waitFor();
  await seen(me, '40-ledger');
  await page.getByRole('textbox', { name: 'User data, 64 bits' }).fill('77');
  await found.getByRole('row').nth(3).waitFor({ state: 'detached' });
  await found.getByRole('link', { name: '2003' }).click();
  const entries = page.getByRole('region', { name: 'Entries of the transfer' });
  await entries.getByRole('link', { name: '1001' }).waitFor();
  await page.getByRole('region', { name: 'The transfer that held it' }).getByRole('link', { name: '2002' }).waitFor();
  await seen(me, '41-ledger-entries');
  await entries.getByRole('link', { name: '1001' }).click();
  await page.getByRole('link', { name: 'Balances and transfers' }).click();
  await page.getByRole('region', { name: 'Transfers of account 1001' }).getByRole('cell', { name: '−50' }).waitFor();
  await page.getByRole('img', { name: /^Balance: 4 values/ }).waitFor();
  await seen(me, '42-ledger-account');
}
