"""Encodes 12+4 with Intel's ISA-L (Debian: libisal2) and prints bytes of data per CPU-second. Arguments: bytes of a shard, rounds."""
import ctypes, resource, sys

lib = ctypes.CDLL("libisal.so.2")
k, m, unit, rounds = 12, 16, int(sys.argv[1]), int(sys.argv[2])
matrix = ctypes.create_string_buffer(m * k)
lib.gf_gen_cauchy1_matrix(matrix, m, k)
tables = ctypes.create_string_buffer(k * (m - k) * 32)
lib.ec_init_tables(k, m - k, ctypes.byref(matrix, k * k), tables)
shards = [ctypes.create_string_buffer(bytes((i * 7 + j) & 255 for j in range(4096)) * (unit // 4096), unit) for i in range(m)]
data = (ctypes.c_void_p * k)(*[ctypes.addressof(s) for s in shards[:k]])
code = (ctypes.c_void_p * (m - k))(*[ctypes.addressof(s) for s in shards[k:]])
best = 0.0
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for _ in range(rounds):
        lib.ec_encode_data(unit, k, m - k, tables, data, code)
    best = max(best, rounds * k * unit / (resource.getrusage(resource.RUSAGE_SELF).ru_utime - before))
print(best)
