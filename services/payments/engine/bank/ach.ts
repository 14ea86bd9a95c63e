import type { Batch, Entry, NachaFile } from '#wire/nacha/file.ts';
import { readNacha } from '#wire/nacha/read.ts';
import { writeNacha } from '#wire/nacha/write.ts';
import type { BankOrder, OrderFile, Refused } from './order.ts';

/** The bank that the platform sends its files through, and the operator that they go to: eight digits, and nine. */
const sender = { bank: '11000000', routing: '110000000', name: 'GAMUT TEST BANK' } as const;
const operator = { routing: '021000021', name: 'SIMULATED OPERATOR' } as const;
const company = { name: 'GAMUT PAYMENTS', id: '9110000000' } as const;
const widths = { name: 22, identification: 15, sequence: 7 } as const;
const modifiers = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Text as the records take it: printable ASCII. */
const plain = (text: string, width: number): string =>
  text
    .normalize('NFD')
    .replace(/[^ -~]/g, '')
    .slice(0, width)
    .trim();

/** `YYMMDD` and `HHMM`. */
export function moments(at: Date): { date: string; time: string } {
  const text = at.toISOString();
  return { date: text.slice(2, 10).replaceAll('-', ''), time: text.slice(11, 16).replace(':', '') };
}

function entryOf(order: BankOrder, trace: string): Entry {
  if (!('routing' in order.account)) throw new TypeError('an account of the clearing house has a routing number');
  const { routing, number, type } = order.account;
  const kind = type === 'savings' ? '3' : '2';
  return {
    ...{ code: kind + (order.way === 'debit' ? '7' : '2'), routing, account: number, cents: order.amount, trace, addenda: [] },
    identification: plain(order.id.slice(-widths.identification), widths.identification),
    name: plain(order.name, widths.name),
    // A debit that was agreed to over the internet is single; a credit says nothing.
    discretionary: order.way === 'debit' && order.purpose === 'payment' ? 'S' : '',
  };
}

type Kind = Pick<Batch, 'serviceClass' | 'entryClass' | 'description'>;

/** Debits agreed to on a page are WEB, those of companies CCD; what is paid back is PPD or CCD. */
function kindOf({ way, account, purpose }: BankOrder): Kind {
  // What a business has with its own bank is agreed to by a company.
  const isCompany = purpose === 'payout' || ('holder' in account && account.holder === 'company');
  const isDebit = way === 'debit';
  const description = purpose === 'payout' ? (isDebit ? 'REVERSAL' : 'PAYOUT') : isDebit ? 'PAYMENT' : 'REFUND';
  return { serviceClass: isDebit ? '225' : '220', entryClass: isCompany ? 'CCD' : isDebit ? 'WEB' : 'PPD', description };
}

/** The file of orders. `serial` tells files of one day apart. */
export function achFile(orders: readonly BankOrder[], at: Date, serial: number): OrderFile {
  const references: string[] = orders.map(() => '');
  const kinds = Map.groupBy(orders, (order) => JSON.stringify(kindOf(order)));
  let sequence = 0;
  const batches = [...kinds].map(([kind, members], index): Batch => {
    const entries = members.map((order) => {
      sequence += 1;
      const trace = sender.bank + String(sequence).padStart(widths.sequence, '0');
      references[orders.indexOf(order)] = trace;
      return entryOf(order, trace);
    });
    return {
      ...(JSON.parse(kind) as Kind),
      ...{ company: company.name, companyId: company.id, discretionary: '', descriptiveDate: '' },
      ...{
        effectiveDate: moments(at).date,
        settlementDate: '',
        originatorStatus: '1',
        originator: sender.bank,
        number: index + 1,
        entries,
      },
    };
  });
  const file: NachaFile = {
    ...{ destination: operator.routing, origin: sender.routing, ...moments(at), modifier: modifiers[serial % modifiers.length] ?? 'A' },
    ...{ destinationName: operator.name, originName: sender.name, reference: '', batches },
  };
  return { format: 'nacha', text: writeNacha(file), references };
}

/** What a file of returns says came back. */
export function achReturns(text: string): Refused[] {
  const addenda = readNacha(text).batches.flatMap(({ entries }) => entries.flatMap(({ addenda }) => addenda));
  return addenda.flatMap((one) => (one.type === '99' ? [{ reference: one.originalTrace, code: one.code }] : []));
}
