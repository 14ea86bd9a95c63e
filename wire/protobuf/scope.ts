import { SchemaFault } from '../schema/fault.ts';
import type { EnumType, Message, ProtoFile } from './file.ts';
import { isScalar } from './file.ts';
import { knownFile } from './known.ts';

/** A type by its full name; what is in protobuf itself has no body here. */
export type Found = { readonly name: string; readonly message?: Message; readonly enum?: EnumType; readonly kind: 'message' | 'enum' };

/** The types that a file may name: its own, and those of the files that it imports. */
export class Scope {
  readonly #types = new Map<string, Found>();

  constructor(file: ProtoFile, imported: ReadonlyMap<string, ProtoFile>) {
    for (const { path } of file.imports) {
      const known = knownFile(path);
      if (!imported.has(path) && !known) throw new SchemaFault(`No reference is given for the import ${JSON.stringify(path)}.`);
      for (const name of known?.messages ?? []) this.#types.set(name, { name, kind: 'message' });
      for (const name of known?.enums ?? []) this.#types.set(name, { name, kind: 'enum' });
    }
    for (const one of imported.values()) this.#add(one);
    this.#add(file);
  }

  #add(file: ProtoFile): void {
    const within = (prefix: string, messages: readonly Message[], enums: readonly EnumType[]): void => {
      for (const one of enums) this.#types.set(`${prefix}${one.name}`, { name: `${prefix}${one.name}`, kind: 'enum', enum: one });
      for (const message of messages) {
        const name = `${prefix}${message.name}`;
        this.#types.set(name, { name, kind: 'message', message });
        within(`${name}.`, message.messages, message.enums);
      }
    };
    within(file.package ? `${file.package}.` : '', file.messages, file.enums);
  }

  /** What a name means where it is written: the innermost scope that has it, as in C++. */
  find(name: string, where: string): Found {
    if (name.startsWith('.')) return this.#types.get(name.slice(1)) ?? this.#missing(name);
    for (let at = where; ; at = at.includes('.') ? at.slice(0, at.lastIndexOf('.')) : '') {
      const found = this.#types.get(at === '' ? name : `${at}.${name}`);
      if (found) return found;
      if (at === '') return this.#missing(name);
    }
  }

  #missing(name: string): never {
    throw new SchemaFault(`The type ${JSON.stringify(name)} is not defined.`);
  }

  /** Sees to it that every type that a file names is there. */
  check(file: ProtoFile): void {
    const walk = (message: Message, where: string): void => {
      const at = where === '' ? message.name : `${where}.${message.name}`;
      for (const { type } of message.fields) if (!isScalar(type)) this.find(type, at);
      for (const inner of message.messages) walk(inner, at);
    };
    for (const message of file.messages) walk(message, file.package);
    for (const { methods } of file.services)
      for (const { input, output } of methods) for (const type of [input, output]) this.find(type, file.package);
    for (const { fields } of file.extensions) for (const { type } of fields) if (!isScalar(type)) this.find(type, file.package);
  }
}
