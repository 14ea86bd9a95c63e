import { useCallback } from 'react';
import { useNavigate, useSearchParams } from 'react-router';

/** An operation that the address asks to run: `?do=storage.CreateBucket&on=photos`. So every operation can be linked to. */
export type Asked = { readonly service: string; readonly operation: string; readonly name: string | undefined };

export function useAsked(): Asked | undefined {
  const [search] = useSearchParams();
  const [service, operation] = (search.get('do') ?? '').split('.');
  return service && operation ? { service, operation, name: search.get('on') ?? undefined } : undefined;
}

/** The part of an address that asks for an operation. */
export function askFor(service: string, operation: string, name?: string): string {
  return `?${new URLSearchParams({ do: `${service}.${operation}`, ...(name === undefined ? {} : { on: name }) })}`;
}

/** Opens an operation above the present page, whose own search parameters stay. */
export function useAsk(): (service: string, operation: string, name?: string) => void {
  const [, change] = useSearchParams();
  return useCallback(
    (service, operation, name) =>
      change((now) => {
        const next = new URLSearchParams(now);
        next.set('do', `${service}.${operation}`);
        if (name === undefined) next.delete('on');
        else next.set('on', name);
        return next;
      }),
    [change],
  );
}

/** Closes it again. */
export function useUnask(): () => void {
  const go = useNavigate();
  const [search] = useSearchParams();
  return useCallback(() => {
    const next = new URLSearchParams(search);
    next.delete('do');
    next.delete('on');
    void go({ search: next.toString() }, { replace: true });
  }, [go, search]);
}
