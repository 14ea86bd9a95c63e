import { StatementError } from '#engine/pgwire/statement-error.ts';
import { type Decimal, printDecimal, rounded } from './decimal.ts';

const signs = /S|MI|PL|SG|PR/i;

/**
 * to_char of a number by a pattern of 9, 0, `.`, `,`, D, G, FM, S, MI, PL, SG, PR, L, TH, V and quoted texts. Throws StatementError
 * for what is none of these.
 */
export function formatNumber(value: Decimal, given: string): string {
  const isPlain = /^FM|(?<=^["][^"]*["])FM/i.test(given);
  const pattern = given.replace(/FM/gi, '');
  if (/RN|EEEE/i.test(pattern)) throw new StatementError('0A000', 'RN and EEEE of to_char are not supported yet');
  const tokens = pattern.match(/"[^"]*"|MI|PL|SG|PR|TH|[09.,DGSLV]|[^]/gi) ?? [];
  const isDigit = (token: string) => token === '9' || token === '0';
  const point = tokens.findIndex((token) => /^[.D]$/i.test(token));
  const before = tokens.slice(0, point < 0 ? undefined : point).filter(isDigit);
  const behind = point < 0 ? [] : tokens.slice(point).filter(isDigit);
  const shift = tokens.findIndex((token) => /^V$/i.test(token));
  const times = shift < 0 ? 0 : tokens.slice(shift).filter(isDigit).length;
  const scaled = { units: value.units * 10n ** BigInt(times), scale: value.scale };
  const size = rounded(scaled.units < 0n ? { ...scaled, units: -scaled.units } : scaled, behind.length);
  const isNegative = value.units < 0n && size.units !== 0n;
  const [whole = '0', fraction = ''] = printDecimal(size).split('.');
  const digits = whole === '0' ? '' : whole;
  const isTooLong = digits.length > before.length;
  const firstZero = before.indexOf('0');
  const least = firstZero < 0 ? (behind.length > 0 && before.length > 0 ? 0 : Math.min(1, before.length)) : before.length - firstZero;
  const padded = digits.padStart(least, '0').padStart(before.length, ' ');
  // Behind FM zeros that no 0 asks for are not shown.
  const needed = isPlain ? Math.max(behind.lastIndexOf('0') + 1, fraction.replace(/0+$/, '').length) : behind.length;
  let [left, right, isShown] = [0, 0, false];
  let text = '';
  const hasSign = tokens.some((token) => signs.test(token));
  for (const [at, token] of tokens.entries()) {
    const isBehind = point >= 0 && at > point;
    if (isDigit(token)) {
      const digit = isTooLong ? '#' : isBehind ? (right < needed ? (fraction[right] ?? '0') : '') : (padded[left] ?? ' ');
      if (isBehind) right += 1;
      else left += 1;
      if (digit !== ' ') isShown = true;
      text += isPlain && digit === ' ' ? '' : digit;
    } else if (/^[.D]$/i.test(token)) text += '.';
    else if (/^[,G]$/i.test(token)) text += isShown ? ',' : isPlain ? '' : ' ';
    else if (/^L$/i.test(token)) text += isPlain ? '' : ' ';
    else if (/^V$/i.test(token)) continue;
    else if (/^TH$/i.test(token)) text += isNegative || fraction !== '' ? '' : ending(Number(whole), token === 'TH');
    else if (/^(S|SG)$/i.test(token)) text += isNegative ? '-' : '+';
    else if (/^MI$/i.test(token)) text += isNegative ? '-' : isPlain ? '' : ' ';
    else if (/^PL$/i.test(token)) text += isNegative ? ' ' : '+';
    else if (/^PR$/i.test(token)) continue;
    else text += token.replaceAll('"', '');
  }
  if (tokens.some((token) => /^PR$/i.test(token))) {
    const [, spaces = '', rest = ''] = /^( *)(.*)$/.exec(text) ?? [];
    return isNegative ? `${spaces}<${rest}>` : isPlain ? rest : ` ${text} `;
  }
  if (/^S/i.test(pattern)) return moved(text);
  if (hasSign) return text;
  const [, spaces = '', rest = ''] = /^( *)(.*)$/.exec(text) ?? [];
  return isNegative ? `${spaces}-${rest}` : isPlain ? rest : ` ${text}`;
}

/** A sign in front stands beside the first digit. */
function moved(text: string): string {
  const [, sign = '', spaces = '', rest = ''] = /^([+-])( *)(.*)$/.exec(text) ?? [];
  return `${spaces}${sign}${rest}`;
}

function ending(value: number, isUpper: boolean): string {
  const teen = value % 100 > 10 && value % 100 < 14;
  const found = teen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return isUpper ? found.toUpperCase() : found;
}
