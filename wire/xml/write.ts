/** An element: its name, what it holds, and its attributes. Children that are undefined are left out. */
export type XmlNode = readonly [name: string, content?: XmlContent, attributes?: Readonly<Record<string, string>>];
export type XmlContent = string | number | boolean | readonly (XmlNode | undefined)[];

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Escapes a text for content and attributes. Control characters become character references, as S3 writes them:
 * XML 1.0 has no better form, and a reader must not lose them. Halves of surrogate pairs become U+FFFD.
 */
export function escapeXml(text: string): string {
  if (!/[&<>"\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/.test(text)) return text;
  return text
    .toWellFormed()
    .replace(/[&<>"]|[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, (one) => escapes[one] ?? `&#x${one.charCodeAt(0).toString(16)};`);
}

/** The document of a root element, with the declaration that S3 sends. */
export function writeXml(root: XmlNode): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeElement(root)}`;
}

function writeElement([name, content, attributes]: XmlNode): string {
  let open = name;
  if (attributes) for (const [key, value] of Object.entries(attributes)) open += ` ${key}="${escapeXml(value)}"`;
  if (content === undefined || content === '') return `<${open}/>`;
  if (typeof content !== 'object') return `<${open}>${escapeXml(String(content))}</${name}>`;
  let inner = '';
  for (const child of content) if (child) inner += writeElement(child);
  return inner === '' ? `<${open}/>` : `<${open}>${inner}</${name}>`;
}
