import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { storage } from '../../service.ts';
import { bucketOf } from '../bucket.ts';
import { storedBytes } from '../partition.ts';
import { renameObject } from '../rename.ts';
import type { Store } from '../store.ts';
import { payerOf } from './bill.ts';
import { checkKey, sourceConditions, whoOf } from './call.ts';

/** The handler of renames. Whoever renames writes at one key, and reads and deletes at the other. */
export function renameHandlers(store: Store): Pick<Handlers<typeof storage>, 'RenameObject'> {
  return {
    async RenameObject(call) {
      const bucket = bucketOf(store.catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { key, sourceKey, clientToken: token, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = call.input;
      for (const [path, one] of Object.entries({ '/key': key, '/sourceKey': sourceKey })) {
        checkKey(one, path);
        if (one.endsWith('/')) throw fault('InvalidRequest', { path, detail: 'A key that ends with a slash is none to rename.' });
      }
      await call.also('GetObject', call.ref.name, { key: sourceKey });
      await call.also('DeleteObject', call.ref.name, { key: sourceKey });
      store.heat.note(bucket, key, 0);
      const { object, repeated, bytes } = await renameObject(store, bucket, {
        key,
        sourceKey,
        conditions: { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince },
        sourceConditions: sourceConditions(call.input),
        ...(token === undefined ? {} : { token }),
        who: whoOf(call, 'RenameObject'),
      });
      call.charge('stored', storedBytes(store, bucket, bytes), bucket);
      if (object) {
        const { size, etag } = object;
        call.emit('ObjectRemoved', { bucket: bucket.name, key: sourceKey, operation: 'RenameObject' });
        call.emit('ObjectCreated', { bucket: bucket.name, key, operation: 'RenameObject', size, etag });
      }
      return { output: { key, ...(repeated ? { repeated } : {}) } };
    },
  };
}
