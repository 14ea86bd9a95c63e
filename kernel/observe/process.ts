import { readdirSync, readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { lagSampleMs } from './limits.ts';
import { type Registry, secondBounds } from './registry.ts';

/** Declares what every process tells of itself: CPU, memory, open files, heap, and how late its event loop is. Returns how to stop. */
export function observeProcess(registry: Registry): () => void {
  const started = registry.gauge('process_start_time_seconds', 'Start of the process in seconds since 1970.');
  started.of().set(performance.timeOrigin / 1000);
  const cpu = registry.counter('process_cpu_seconds_total', 'CPU time of the process, user and system, in seconds.').of();
  const resident = registry.gauge('process_resident_memory_bytes', 'Memory of the process that is resident.').of();
  const files = registry.gauge('process_open_fds', 'Open file descriptors of the process.').of();
  const filesMost = registry.gauge('process_max_fds', 'Most file descriptors the process may open.').of();
  const heap = registry.gauge('gamut_heap_bytes', 'Heap of the JavaScript engine by what it is.', ['state']);
  filesMost.set(descriptorLimit());
  const stopCollecting = registry.collect(() => {
    const { user, system } = process.cpuUsage();
    cpu.raiseTo((user + system) / 1e6);
    resident.set(process.memoryUsage.rss());
    files.set(openDescriptors());
    const { used_heap_size, total_heap_size, heap_size_limit, external_memory } = getHeapStatistics();
    heap.of('used').set(used_heap_size);
    heap.of('committed').set(total_heap_size);
    heap.of('limit').set(heap_size_limit);
    heap.of('external').set(external_memory);
  });
  const stopLag = observeLag(registry);
  return () => {
    stopCollecting();
    stopLag();
  };
}

function observeLag(registry: Registry): () => void {
  const lag = registry.histogram('gamut_event_loop_lag_seconds', 'How late a timer of the event loop fired.', secondBounds).of();
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe(Math.max(0, now - last - lagSampleMs) / 1000);
    last = now;
  }, lagSampleMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Reading the directory opens one itself. */
function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return Number.NaN;
  }
}

function descriptorLimit(): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found ? Number(found[1]) : Number.POSITIVE_INFINITY;
  } catch {
    return Number.NaN;
  }
}
