import type { Addendum, Batch, Entry, EntryClass, NachaFile } from './file.ts';
import { nachaMaxBytes } from './limits.ts';
import { batchControl, batchHeader, changeAddenda, corporateEntry, entryDetail, fileControl, fileHeader, type Layout } from './record.ts';
import { paymentAddenda, readRecord, recordSize, returnAddenda } from './record.ts';
import { checkEntry } from './rule.ts';
import { addTotal, noTotal, type Total, totalOf } from './total.ts';
import { NachaError } from './violation.ts';
import { blockingFactor } from './write.ts';

/** Reads a file that comes from the ACH operator, and believes none of its sums: what differs is a `NachaError` with line and field. */
export function readNacha(text: string): NachaFile {
  return new Reader(linesOf(text)).file();
}

/** Records on lines of their own, or one behind the other without any line ends. */
function linesOf(text: string): string[] {
  if (text.length > nachaMaxBytes) throw new NachaError(`is longer than ${nachaMaxBytes} bytes`, 'file');
  const lines = text.split(/\r\n|\n/);
  if (lines.at(-1) === '') lines.pop();
  const [only = ''] = lines;
  if (lines.length !== 1 || only.length % recordSize !== 0) return lines;
  return Array.from({ length: only.length / recordSize }, (_, index) => only.slice(index * recordSize, (index + 1) * recordSize));
}

const classes: readonly string[] = ['PPD', 'CCD', 'WEB', 'CTX', 'COR'] satisfies EntryClass[];

class Reader {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  file(): NachaFile {
    const head = this.#record(fileHeader, 'the file header');
    this.#equal(head, { 'priority code': '01', 'record size': '094', 'blocking factor': '10', 'format code': '1' });
    if (!/^[A-Z0-9]$/.test(head['file ID modifier'])) this.#refuse('is one of A to Z and 0 to 9', 'file ID modifier');
    const batches: Batch[] = [];
    const total = noTotal();
    while (this.#type() === '5') {
      const batch = this.#batch(batches.at(-1)?.number ?? -1);
      batches.push(batch);
      addTotal(total, totalOf(batch));
    }
    const end = this.#record(fileControl, 'a batch header or the file control');
    this.#sums(end, total, { 'batch count': batches.length, 'block count': Math.ceil(this.#lines.length / blockingFactor) });
    this.#filling();
    return {
      destination: head['immediate destination'],
      origin: head['immediate origin'],
      date: head['file creation date'],
      time: head['file creation time'],
      modifier: head['file ID modifier'],
      destinationName: head['immediate destination name'],
      originName: head['immediate origin name'],
      reference: head['reference code'],
      batches,
    };
  }

  #batch(numberBefore: number): Batch {
    const head = this.#record(batchHeader, 'a batch header');
    const { 'service class code': serviceClass, 'standard entry class code': entryClass } = head;
    if (!/^2(00|20|25)$/.test(serviceClass)) this.#refuse(`${serviceClass} is none of 200, 220, 225`, 'service class code');
    if (!classes.includes(entryClass)) this.#refuse(`${entryClass} is none of ${classes.join(', ')}`, 'standard entry class code');
    const number = Number(head['batch number']);
    if (number <= numberBefore) this.#refuse(`${number} does not rise above ${numberBefore}`, 'batch number');
    const kin = {
      serviceClass: serviceClass as Batch['serviceClass'],
      company: head['company name'],
      discretionary: head['company discretionary data'],
      companyId: head['company identification'].trim(),
      entryClass: entryClass as EntryClass,
      description: head['company entry description'],
      descriptiveDate: head['company descriptive date'],
      effectiveDate: head['effective entry date'],
      settlementDate: head['settlement date'],
      originatorStatus: head['originator status code'],
      originator: head['originating DFI identification'],
      number,
    };
    const entries: Entry[] = [];
    while (this.#type() === '6') entries.push(this.#entry(kin, entries.at(-1)?.trace ?? ''));
    if (entries.length === 0) this.#refuse(`is ${this.#type()} where an entry is due`, 'record type code', this.#at + 1);
    const end = this.#record(batchControl, 'an entry or the batch control');
    this.#equal(end, {
      'service class code': serviceClass,
      'originating DFI identification': kin.originator,
      'batch number': head['batch number'],
    });
    if (end['company identification'].trim() !== kin.companyId)
      this.#refuse(`${end['company identification']} is not that of the header, ${kin.companyId}`, 'company identification');
    const batch = { ...kin, entries };
    this.#sums(end, totalOf(batch), {});
    return batch;
  }

  #entry(kin: Omit<Batch, 'entries'>, before: string): Entry {
    const line = this.#at;
    const row = kin.entryClass === 'CTX' ? this.#corporate() : this.#individual();
    const { count, indicator, ...detail } = row;
    const addenda: Addendum[] = [];
    while (this.#type() === '7') addenda.push(this.#addendum(detail.trace, addenda.length));
    const refuse = (reason: string, field: string, addendum = -1): never => this.#refuse(reason, field, line + 2 + addendum);
    if (indicator !== (addenda.length > 0 ? '1' : '0'))
      refuse(`is ${indicator}, and ${addenda.length} addenda follow`, 'addenda record indicator');
    // A return repeats the entry as it was, and has one addendum whatever it says.
    const isReturn = addenda[0]?.type === '99';
    if (count !== undefined && count !== addenda.length && !isReturn)
      refuse(`says ${count}, and ${addenda.length} follow`, 'number of addenda records');
    const entry = { ...detail, addenda };
    checkEntry(kin, entry, before, refuse);
    return entry;
  }

  #individual() {
    const row = this.#record(entryDetail, 'an entry');
    return { ...common(row), identification: row['individual identification number'], name: row['individual name'], count: undefined };
  }

  #corporate() {
    const row = this.#record(corporateEntry, 'an entry');
    const count = Number(row['number of addenda records']);
    return { ...common(row), identification: row['identification number'], name: row['receiving company name'], count };
  }

  #addendum(trace: string, index: number): Addendum {
    const type = this.#lines[this.#at]!.slice(1, 3);
    if (type === '05') {
      const row = this.#record(paymentAddenda, 'an addendum');
      const [sequence, entry] = [String(index + 1).padStart(4, '0'), trace.slice(-7)];
      this.#equal(row, { 'addenda sequence number': sequence, 'entry detail sequence number': entry });
      return { type, text: row['payment related information'] };
    }
    if (type === '98') {
      const row = this.#record(changeAddenda, 'an addendum');
      return { type, code: row['change code'], ...originalOf(row), corrected: row['corrected data'] };
    }
    if (type !== '99') this.#refuse(`${type} is none of 05, 98, 99`, 'addenda type code', this.#at + 1);
    const row = this.#record(returnAddenda, 'an addendum');
    const { 'return reason code': code, 'date of death': dateOfDeath, 'addenda information': text } = row;
    return { type: '99', code, ...originalOf(row), dateOfDeath, text };
  }

  /** Nines up to a whole block, and nothing else behind the file control. */
  #filling(): void {
    for (; this.#at < this.#lines.length; this.#at += 1)
      if (this.#lines[this.#at] !== '9'.repeat(recordSize))
        this.#refuse('only lines of nines follow the file control', 'filling', this.#at + 1);
    if (this.#lines.length % blockingFactor !== 0)
      this.#refuse(
        `the file has ${this.#lines.length} records, no whole number of blocks of ${blockingFactor}`,
        'filling',
        this.#lines.length,
      );
  }

  #type(): string | undefined {
    return this.#lines[this.#at]?.[0];
  }

  /** The next record, which must be of this layout. */
  #record<Name extends string>(layout: Layout<Name>, what: string): Record<Name, string> {
    const text = this.#lines[this.#at];
    this.#at += 1;
    if (text === undefined) return this.#refuse(`the file ends where ${what} is due`, 'record type code');
    if (text.length !== recordSize) this.#refuse(`has ${text.length} characters, not ${recordSize}`, 'record');
    const strange = text.search(/[^ -~]/);
    if (strange >= 0) this.#refuse(`its character ${strange + 1} is no printable ASCII`, 'record');
    if (text[0] !== layout.type) this.#refuse(`is ${text[0]} where ${what} is due`, 'record type code');
    return readRecord(text, this.#at, layout);
  }

  #equal(row: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): void {
    for (const [field, value] of Object.entries(wanted))
      if (row[field] !== value) this.#refuse(`is ${row[field]}, and ${value} is due`, field);
  }

  #sums(row: Readonly<Record<string, string>>, { count, hash, debits, credits }: Total, counts: Readonly<Record<string, number>>): void {
    const sums = {
      ...{ 'entry/addenda count': count, 'entry hash': hash },
      ...{ 'total debit entry dollar amount': debits, 'total credit entry dollar amount': credits },
    };
    for (const [field, value] of Object.entries({ ...counts, ...sums }))
      if (Number(row[field]) !== value) this.#refuse(`is ${Number(row[field])}, and the records make ${value}`, field);
  }

  /** Refuses what stands in the record read last, or on another line. */
  #refuse(reason: string, field: string, line = this.#at): never {
    throw new NachaError(reason, field, line);
  }
}

type Common =
  | 'transaction code'
  | 'receiving DFI identification'
  | 'check digit'
  | 'DFI account number'
  | 'amount'
  | 'discretionary data'
  | 'addenda record indicator'
  | 'trace number';

/** What every kind of entry has. */
const common = (row: Readonly<Record<Common, string>>) => ({
  code: row['transaction code'],
  routing: row['receiving DFI identification'] + row['check digit'],
  account: row['DFI account number'],
  cents: Number(row.amount),
  discretionary: row['discretionary data'],
  indicator: row['addenda record indicator'],
  trace: row['trace number'],
});

const originalOf = (
  row: Readonly<Record<'original entry trace number' | 'original receiving DFI identification' | 'trace number', string>>,
) => ({
  originalTrace: row['original entry trace number'],
  originalReceiver: row['original receiving DFI identification'],
  trace: row['trace number'],
});
