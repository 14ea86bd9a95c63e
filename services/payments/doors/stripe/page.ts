import { createHash } from 'node:crypto';
import type { HttpResponse } from '#engine/http1/response.ts';

const escaped: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const plain = (text: string) => text.replace(/[&<>"']/g, (one) => escaped[one] ?? one);

const style =
  ':root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:26rem;margin:12vh auto;padding:0 1rem}' +
  'button,input{font:inherit;width:100%;margin:.5rem 0;padding:.6rem;border:1px solid;border-radius:.4rem;box-sizing:border-box}' +
  'button{cursor:pointer}a{color:inherit}p.note{opacity:.7;font-size:.875rem}dl{display:grid;grid-template-columns:1fr auto}dd{margin:0}';
const styleHash = createHash('sha256').update(style).digest('base64');

/** A page is nobody's to run scripts in, and its address, which holds a secret, is told to nobody. */
const guards = [
  ...['Cache-Control', 'no-store', 'Referrer-Policy', 'no-referrer', 'X-Content-Type-Options', 'nosniff'],
  ...['Content-Security-Policy', `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`],
];

/** A page of a title, a sentence, what else is on it, and a note that says what is simulated. */
export function page(title: string, body: string, note: string, more = ''): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    `<title>${plain(title)}</title><style>${style}</style></head><body><main><h1>${plain(title)}</h1><p>${plain(body)}</p>${more}` +
    `<p class="note">${plain(note)}</p></main></body></html>`
  );
}

export function show(response: HttpResponse, status: number, html: string): void {
  const body = Buffer.from(html);
  response.writeHead(status, ['Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(body.length), ...guards]);
  response.end(body);
}

/** Sends the browser on. */
export function sendOn(response: HttpResponse, url: string): void {
  response.writeHead(303, ['Location', url, 'Content-Length', '0', ...guards]);
  response.end();
}
