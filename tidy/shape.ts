import { basename } from 'node:path';
import { columnsMax, linesMax } from './limits.ts';
import { type Finding, isGenerated, isTest, type Source, tables } from './source.ts';

const forbiddenNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'data', 'info']);
// A count that starts at 0 and the length of a minute or a day are facts, no limits.
const numberName =
  /\b(?:const|let|readonly)\s+(?!(?:second|minute|hour|day)Ms\b)\w*(?:Ms|Bytes|Max|Limit)\b[^=;\n]*=\s*-?(?!0;)[0-9][0-9_.]*\s*(?:[;,*]|$)/;

/** The one file that may make code from text. */
const compiler = 'services/analytics/engine/compile.ts';

/** Size, width, names, marks and numbers of one file. */
export function shapeFindings(source: Source): Finding[] {
  const { path, lines } = source;
  if (isGenerated(source)) return [];
  const found: Finding[] = [];
  if (lines.length > linesMax && !isTest(path) && !tables.includes(path))
    found.push({ path, reason: `has ${lines.length} lines, more than ${linesMax}` });
  const stem = basename(path)
    .replace(/\.(test\.)?tsx?$/, '')
    .replace(/\.(main|part|d|config)$/, '');
  if (forbiddenNames.has(stem)) found.push({ path, reason: `is named ${stem}, which says nothing` });
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) found.push({ path, reason: 'is not named in kebab-case' });
  lines.forEach((line, index) => {
    const at = (reason: string) => found.push({ path, line: index + 1, reason });
    if (line.length > columnsMax && !isTest(path) && !tables.includes(path)) at(`is ${line.length} columns wide`);
    if (/\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/.test(line)) at('holds a mark of unfinished work');
    if (/\bnew Functio[n]\b/.test(line) && path !== compiler) at('makes code from text');
    if (!isTest(path) && basename(path) !== 'limits.ts' && !/^(bench|chaos)\//.test(path) && numberName.test(line))
      at('binds a number to a name that belongs into limits.ts');
  });
  return found;
}
