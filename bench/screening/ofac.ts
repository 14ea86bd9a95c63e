import type { Listed } from '#services/payments/engine/screen/list.ts';

/** A file of OFAC's as its rows: fields between commas, in quotes where they have some; `-0-` is nothing. */
function rowsOf(text: string): string[][] {
  return text.split(/\r?\n/).flatMap((line) => {
    const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => (quoted ?? plain ?? '').trim());
    return fields.length > 1 ? [fields.map((field) => (field === '-0-' ? '' : field))] : [];
  });
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `DOB 12 Mar 1964`, `DOB Mar 1964`, `DOB circa 1964` in what is remarked, as dates. */
function birthDates(remarks: string): string[] {
  return [...remarks.matchAll(/DOB (?:circa )?(?:(?:(\d{1,2}) )?([A-Z][a-z]{2}) )?(\d{4})/g)].map(([, day, month, year]) => {
    const number = months.indexOf((month ?? '').toLowerCase()) + 1;
    const parts = [year, ...(number > 0 ? [String(number).padStart(2, '0')] : []), ...(number > 0 && day ? [day.padStart(2, '0')] : [])];
    return parts.join('-');
  });
}

/** The list of the United States' OFAC, out of its three files: names, other names, addresses. */
export function readOfac(names: string, others: string, addresses: string): Listed[] {
  const aliases = Map.groupBy(rowsOf(others), ([id = '']) => id);
  const places = Map.groupBy(rowsOf(addresses), ([id = '']) => id);
  return rowsOf(names).map(([id = '', name = '', type = '', , , , , , , , , remarks = '']) => ({
    ...{ id, name, aliases: (aliases.get(id) ?? []).map((row) => row[3] ?? '').filter((each) => each !== '') },
    type: type === 'individual' || type === 'vessel' || type === 'aircraft' ? type : 'entity',
    birthDates: birthDates(remarks),
    countries: [...new Set((places.get(id) ?? []).map((row) => row[4] ?? '').filter((each) => each !== ''))],
  }));
}
