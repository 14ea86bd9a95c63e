import { checkDigit, isChangeReason, isReturnReason, transaction } from './code.ts';
import type { Batch, Entry } from './file.ts';
import { addendaMax, entryCentsMax } from './limits.ts';

/** Says what is wrong, and in which field of which record: of the batch, of its entry, or of the entry's addendum of this index. */
export type Refuse = (reason: string, field: string, addendum?: number) => never;

type Kin = Omit<Batch, 'entries'>;

/** Checks one entry by the rules of its batch; `before` is the trace number of the entry before it. */
export function checkEntry(batch: Kin, entry: Entry, before: string, refuse: Refuse): void {
  const { code, routing, cents, trace } = entry;
  const found = transaction(code) ?? refuse(`${code} is no transaction code`, 'transaction code');
  if (batch.serviceClass === '220' && !found.isCredit) refuse('a debit stands in a batch of credits', 'transaction code');
  if (batch.serviceClass === '225' && found.isCredit) refuse('a credit stands in a batch of debits', 'transaction code');
  if (!/^\d{9}$/.test(routing)) refuse(`${JSON.stringify(routing)} is no routing number`, 'receiving DFI identification');
  if (routing[8] !== checkDigit(routing))
    refuse(`is ${routing[8]}, and ${checkDigit(routing)} belongs to ${routing.slice(0, 8)}`, 'check digit');
  if (!Number.isSafeInteger(cents) || cents < 0 || cents > entryCentsMax) refuse(`${cents} is no amount in cents`, 'amount');
  if (entry.account.trim() === '') refuse('is blank', 'DFI account number');
  if (!/^\d{15}$/.test(trace)) refuse(`${JSON.stringify(trace)} is no trace number`, 'trace number');
  if (!trace.startsWith(batch.originator))
    refuse(`${trace} does not begin with ${batch.originator}, the sender of the batch`, 'trace number');
  if (trace <= before) refuse(`${trace} does not rise above ${before}`, 'trace number');
  if (batch.entryClass === 'COR') checkChange(entry, refuse);
  else if (entry.addenda[0]?.type === '99') checkReturn(entry, refuse);
  else checkForward(batch, entry, found.kind, refuse);
}

function checkChange({ code, cents, addenda }: Entry, refuse: Refuse): void {
  const [note] = addenda;
  if (note?.type !== '98' || addenda.length !== 1)
    return refuse('a notification of change has one addendum, of type 98', 'addenda record indicator');
  if (transaction(code)?.kind !== 'return') refuse(`${code} is not the code of a notification`, 'transaction code');
  if (cents !== 0) refuse('a notification moves no money', 'amount');
  if (!isChangeReason(note.code)) refuse(`${note.code} is no change code`, 'change code', 0);
  if (note.corrected === '') refuse('is blank', 'corrected data', 0);
}

function checkReturn({ code, addenda }: Entry, refuse: Refuse): void {
  const [back] = addenda;
  if (back?.type !== '99' || addenda.length !== 1) return refuse('a return has one addendum, of type 99', 'addenda record indicator');
  if (transaction(code)?.kind !== 'return') refuse(`${code} is not the code of a return`, 'transaction code');
  if (!isReturnReason(back.code)) refuse(`${back.code} is no return reason`, 'return reason code', 0);
}

function checkForward({ entryClass }: Kin, { code, cents, addenda, discretionary }: Entry, kind: string, refuse: Refuse): void {
  if (kind === 'return') refuse(`${code} has no addendum of a return`, 'addenda record indicator');
  if (kind === 'live' && cents === 0) refuse('is zero', 'amount');
  if (kind !== 'live' && cents !== 0) refuse(`${code} moves no money`, 'amount');
  if (kind === 'zero' && (!isCorporate(entryClass) || addenda.length === 0))
    refuse(`${code} is of CCD and CTX with addenda`, 'transaction code');
  const most = entryClass === 'CTX' ? addendaMax : 1;
  if (addenda.length > most) refuse(`${entryClass} has ${addenda.length} addenda, more than ${most}`, 'addenda record indicator');
  const strange = addenda.findIndex(({ type }) => type !== '05');
  if (strange >= 0) refuse(`${addenda[strange]!.type} does not belong here`, 'addenda type code', strange);
  if (entryClass === 'WEB' && !/^[RS]/.test(discretionary)) refuse('WEB says R (recurring) or S (single)', 'discretionary data');
}

const isCorporate = (entryClass: string): boolean => entryClass === 'CCD' || entryClass === 'CTX';
