import type { Addendum, Batch, Entry, NachaFile } from './file.ts';
import {
  batchControl,
  batchHeader,
  changeAddenda,
  corporateEntry,
  entryDetail,
  fileControl,
  fileHeader,
  paymentAddenda,
} from './record.ts';
import { recordSize, returnAddenda, writeRecord } from './record.ts';
import { checkEntry } from './rule.ts';
import { addTotal, noTotal, type Total, totalOf } from './total.ts';
import { NachaError } from './violation.ts';

/** Records of a block: a file is filled with nines to a whole number of blocks. */
export const blockingFactor = 10;

/** Writes the file that goes to the ACH operator, for the rail of bank debits and credits: controls, hashes and filling are computed. */
export function writeNacha(file: NachaFile): string {
  const lines = [writeFileHeader(file)];
  const total = noTotal();
  for (const batch of file.batches) {
    writeBatch(lines, batch);
    addTotal(total, totalOf(batch));
  }
  const blocks = Math.ceil((lines.length + 1) / blockingFactor);
  lines.push(writeRecord(fileControl, { 'batch count': file.batches.length, 'block count': blocks, ...controls(total) }));
  while (lines.length < blocks * blockingFactor) lines.push('9'.repeat(recordSize));
  return `${lines.join('\n')}\n`;
}

const writeFileHeader = (file: NachaFile): string =>
  writeRecord(fileHeader, {
    'priority code': '01',
    'immediate destination': file.destination,
    'immediate origin': file.origin,
    'file creation date': file.date,
    'file creation time': file.time,
    'file ID modifier': file.modifier,
    'record size': recordSize,
    'blocking factor': blockingFactor,
    'format code': '1',
    'immediate destination name': file.destinationName,
    'immediate origin name': file.originName,
    'reference code': file.reference,
  });

const controls = ({ count, hash, debits, credits }: Total) => ({
  'entry/addenda count': count,
  'entry hash': hash,
  'total debit entry dollar amount': debits,
  'total credit entry dollar amount': credits,
});

function writeBatch(lines: string[], batch: Batch): void {
  const shared = {
    'service class code': batch.serviceClass,
    'company identification': batch.companyId,
    'originating DFI identification': batch.originator,
    'batch number': batch.number,
  };
  lines.push(
    writeRecord(batchHeader, {
      ...shared,
      'company name': batch.company,
      'company discretionary data': batch.discretionary,
      'standard entry class code': batch.entryClass,
      'company entry description': batch.description,
      'company descriptive date': batch.descriptiveDate,
      'effective entry date': batch.effectiveDate,
      'settlement date': batch.settlementDate,
      'originator status code': batch.originatorStatus,
    }),
  );
  if (batch.entries.length === 0) throw new NachaError('a batch has an entry', 'entry/addenda count');
  let before = '';
  for (const entry of batch.entries) {
    checkEntry(batch, entry, before, (reason, field) => {
      throw new NachaError(reason, field);
    });
    before = entry.trace;
    lines.push(writeEntry(batch, entry), ...entry.addenda.map((addendum, index) => writeAddendum(entry, addendum, index)));
  }
  lines.push(writeRecord(batchControl, { ...shared, ...controls(totalOf(batch)) }));
}

function writeEntry({ entryClass }: Batch, entry: Entry): string {
  const shared = {
    'transaction code': entry.code,
    'receiving DFI identification': entry.routing.slice(0, 8),
    'check digit': entry.routing.slice(8),
    'DFI account number': entry.account,
    amount: entry.cents,
    'discretionary data': entry.discretionary,
    'addenda record indicator': entry.addenda.length > 0 ? 1 : 0,
    'trace number': entry.trace,
  };
  const { identification, name, addenda } = entry;
  if (entryClass !== 'CTX')
    return writeRecord(entryDetail, { ...shared, 'individual identification number': identification, 'individual name': name });
  const of = { 'identification number': identification, 'number of addenda records': addenda.length, 'receiving company name': name };
  return writeRecord(corporateEntry, { ...shared, ...of });
}

function writeAddendum({ trace }: Entry, addendum: Addendum, index: number): string {
  if (addendum.type === '05')
    return writeRecord(paymentAddenda, {
      'addenda type code': '05',
      'payment related information': addendum.text,
      'addenda sequence number': index + 1,
      'entry detail sequence number': trace.slice(-7),
    });
  const shared = {
    'addenda type code': addendum.type,
    'original entry trace number': addendum.originalTrace,
    'original receiving DFI identification': addendum.originalReceiver,
    'trace number': addendum.trace,
  };
  if (addendum.type === '98')
    return writeRecord(changeAddenda, { ...shared, 'change code': addendum.code, 'corrected data': addendum.corrected });
  const { code, dateOfDeath, text } = addendum;
  return writeRecord(returnAddenda, { ...shared, 'return reason code': code, 'date of death': dateOfDeath, 'addenda information': text });
}
