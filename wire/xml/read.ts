import { type SaxesAttributeNS, SaxesParser } from 'saxes';
import { xmlDepthMax, xmlElementsMax, xmlMaxBytes } from './limits.ts';

/** An element as it was read: its local name, its text without that of its children, and its children in order. */
export type XmlElement = {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
  /** Its namespace and the attributes without one, where the reader was asked for them. */
  readonly space?: string;
  readonly attributes?: Readonly<Record<string, string>>;
};

/** The document is not well formed, is not UTF-8, declares a document type, or is larger than allowed. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

export type XmlBounds = { readonly bytes?: number; readonly elements?: number; readonly depth?: number; readonly isDetailed?: boolean };

/** Reads a document of bounded size. Document types are refused, so no entity but XML's own five exists. */
export function readXml(bytes: Uint8Array, bounds: XmlBounds = {}): XmlElement {
  const { bytes: bytesMost = xmlMaxBytes, elements: elementsMost = xmlElementsMax, depth: depthMost = xmlDepthMax } = bounds;
  if (bytes.length > bytesMost) throw new XmlError(`The document is longer than ${bytesMost} bytes.`);
  const parser = new SaxesParser({ xmlns: true });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  const refuse = (text: string): never => {
    throw new XmlError(text);
  };
  const add = (text: string) => {
    const top = open.at(-1);
    if (top) top.text += text;
  };
  parser.on('error', (error) => refuse(error.message));
  parser.on('doctype', () => refuse('A document type is not allowed.'));
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('opentag', (tag) => {
    if (++elements > elementsMost) refuse(`The document has more than ${elementsMost} elements.`);
    if (open.length >= depthMost) refuse(`The document is nested deeper than ${depthMost}.`);
    const detail = bounds.isDetailed ? { space: tag.uri, attributes: attributesOf(tag.attributes) } : {};
    const element: XmlElement = { name: tag.local, text: '', children: [], ...detail };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(decodeUtf8(bytes)).close();
  return root ?? refuse('The document is empty.');
}

function attributesOf(attributes: Readonly<Record<string, SaxesAttributeNS>>): Record<string, string> {
  const plain = Object.values(attributes).filter(({ uri }) => uri === '');
  return Object.fromEntries(plain.map(({ local, value }) => [local, value]));
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new XmlError('The document is not UTF-8.');
  }
}

/** The first child of a name, if any. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((one) => one.name === name);
}

/** The text of the first child of a name, if any. */
export function childText(element: XmlElement, name: string): string | undefined {
  return child(element, name)?.text;
}

/** Every child of a name. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((one) => one.name === name);
}
