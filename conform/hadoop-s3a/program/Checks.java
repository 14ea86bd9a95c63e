import java.io.*;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.*;

/** Drives the storage by Hadoop's S3A file system, unmodified; prints a check per line. Arguments: endpoint, region, bucket, and the pairs of keys of an owner and a reader. */
public class Checks {
    static String endpoint, region, bucket;

    interface Step {
        void run() throws Exception;
    }

    static void told(String title, Step step) {
        String detail = null;
        try {
            step.run();
        } catch (Throwable error) {
            detail = error.toString().replace("\\", "/").replace("\"", "'").replaceAll("\\s+", " ");
            if (detail.length() > 600) detail = detail.substring(0, 600);
        }
        System.out.println("{\"title\": \"" + title + "\", \"ok\": " + (detail == null)
            + (detail == null ? "" : ", \"detail\": \"" + detail + "\"") + "}");
        System.out.flush();
    }

    static void same(Object got, Object wanted) {
        if (!Objects.equals(got, wanted)) throw new AssertionError("got " + got + ", wanted " + wanted);
    }

    static void refused(Class<? extends Throwable> how, Step step) throws Exception {
        try {
            step.run();
        } catch (Throwable error) {
            if (how.isInstance(error)) return;
            throw new AssertionError("refused with " + error);
        }
        throw new AssertionError("was not refused");
    }

    static FileSystem system(String key, String secret, String... more) throws Exception {
        Configuration conf = new Configuration();
        conf.set("fs.s3a.endpoint", endpoint);
        conf.set("fs.s3a.endpoint.region", region);
        conf.set("fs.s3a.path.style.access", "true");
        conf.set("fs.s3a.connection.ssl.enabled", String.valueOf(endpoint.startsWith("https")));
        conf.set("fs.s3a.access.key", key);
        conf.set("fs.s3a.secret.key", secret);
        conf.set("fs.s3a.aws.credentials.provider", "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider");
        conf.set("fs.s3a.paging.maximum", "50");
        conf.set("fs.s3a.multipart.size", "5M");
        conf.set("fs.s3a.multipart.threshold", "5M");
        conf.set("fs.s3a.buffer.dir", System.getProperty("java.io.tmpdir"));
        conf.set("fs.s3a.attempts.maximum", "1");
        conf.set("fs.s3a.retry.limit", "1");
        for (int at = 0; at < more.length; at += 2) conf.set(more[at], more[at + 1]);
        return FileSystem.newInstance(URI.create("s3a://" + bucket + "/"), conf);
    }

    static void write(FileSystem fs, String path, byte[] bytes) throws Exception {
        try (FSDataOutputStream out = fs.create(new Path(path), true)) {
            out.write(bytes);
        }
    }

    static byte[] read(FileSystem fs, String path) throws Exception {
        try (FSDataInputStream in = fs.open(new Path(path))) {
            return in.readAllBytes();
        }
    }

    static byte[] bytes(int seed, int size) {
        byte[] made = new byte[size];
        new Random(seed).nextBytes(made);
        return made;
    }

    static List<String> names(RemoteIterator<? extends FileStatus> found) throws Exception {
        List<String> names = new ArrayList<>();
        while (found.hasNext()) names.add(found.next().getPath().toUri().getPath());
        Collections.sort(names);
        return names;
    }

    public static void main(String[] words) throws Exception {
        endpoint = words[0];
        region = words[1];
        bucket = words[2];
        FileSystem fs = system(words[3], words[4]);
        told("a directory is made, seen and listed, and one that is not there is not", () -> {
            same(fs.mkdirs(new Path("/a/b")), true);
            same(fs.getFileStatus(new Path("/a/b")).isDirectory(), true);
            same(fs.exists(new Path("/a/none")), false);
            same(names(fs.listStatusIterator(new Path("/a"))), List.of("/a/b"));
            refused(FileNotFoundException.class, () -> fs.getFileStatus(new Path("/none")));
        });
        told("a file is created, read back, overwritten when that is asked, and refused when it is not", () -> {
            write(fs, "/a/b/file ü+%", "one".getBytes(StandardCharsets.UTF_8));
            same(new String(read(fs, "/a/b/file ü+%"), StandardCharsets.UTF_8), "one");
            write(fs, "/a/b/file ü+%", "three".getBytes(StandardCharsets.UTF_8));
            same(fs.getFileStatus(new Path("/a/b/file ü+%")).getLen(), 5L);
            refused(FileAlreadyExistsException.class, () -> fs.create(new Path("/a/b/file ü+%"), false).close());
            write(fs, "/a/empty", new byte[0]);
            same(read(fs, "/a/empty").length, 0);
        });
        byte[] big = bytes(7, 23 * 1024 * 1024 + 11);
        told("23 MiB are written in parts of 5 MiB and read back whole, from the middle, and in vectors", () -> {
            write(fs, "/big", big);
            same(fs.getFileStatus(new Path("/big")).getLen(), (long) big.length);
            same(Arrays.equals(read(fs, "/big"), big), true);
            try (FSDataInputStream in = fs.open(new Path("/big"))) {
                byte[] some = new byte[70_000];
                for (int from : new int[] {20_000_000, 5_242_879, 0, big.length - 70_000}) {
                    in.readFully(from, some);
                    same(Arrays.equals(some, Arrays.copyOfRange(big, from, from + some.length)), true);
                }
                List<FileRange> ranges = List.of(FileRange.createFileRange(10, 1000), FileRange.createFileRange(15_000_000, 4000));
                in.readVectored(ranges, java.nio.ByteBuffer::allocate);
                for (FileRange range : ranges) {
                    byte[] got = new byte[range.getLength()];
                    range.getData().get().get(got);
                    int from = (int) range.getOffset();
                    same(Arrays.equals(got, Arrays.copyOfRange(big, from, from + got.length)), true);
                }
            }
        });
        told("an upload that is aborted leaves nothing", () -> {
            FSDataOutputStream out = fs.create(new Path("/aborted"), true);
            out.write(big, 0, 12 * 1024 * 1024);
            out.abort();
            try {
                out.close();
            } catch (IOException closed) {
                // Said once more.
            }
            same(fs.exists(new Path("/aborted")), false);
        });
        told("120 files are listed in pages of 50, and in a tree with every file once", () -> {
            for (int at = 0; at < 120; at++) write(fs, "/many/" + at % 7 + "/" + at, new byte[] {1});
            same(names(fs.listFiles(new Path("/many"), true)).size(), 120);
            same(names(fs.listStatusIterator(new Path("/many"))), List.of("/many/0", "/many/1", "/many/2", "/many/3", "/many/4", "/many/5", "/many/6"));
            same(fs.getContentSummary(new Path("/many")).getFileCount(), 120L);
            same(fs.globStatus(new Path("/many/*/1?9")).length, 2);
        });
        told("files and directories are renamed, and what lay at the old name is gone", () -> {
            same(fs.rename(new Path("/big"), new Path("/a/bigger")), true);
            same(Arrays.equals(read(fs, "/a/bigger"), big), true);
            same(fs.exists(new Path("/big")), false);
            same(fs.rename(new Path("/many"), new Path("/moved")), true);
            same(names(fs.listFiles(new Path("/moved"), true)).size(), 120);
            same(fs.exists(new Path("/many")), false);
        });
        told("a directory that is not empty is deleted only with all below it", () -> {
            refused(PathIsNotEmptyDirectoryException.class, () -> fs.delete(new Path("/moved"), false));
            same(fs.delete(new Path("/moved"), true), true);
            same(fs.exists(new Path("/moved")), false);
            same(fs.delete(new Path("/a/empty"), false), true);
            same(fs.delete(new Path("/a/empty"), false), false);
        });
        told("bytes are sealed as the file system asks", () -> {
            try (FileSystem sealed = system(words[3], words[4], "fs.s3a.encryption.algorithm", "AES256")) {
                write(sealed, "/sealed", big);
                same(Arrays.equals(read(fs, "/sealed"), big), true);
                same(new String(fs.getXAttr(new Path("/sealed"), "header.x-amz-server-side-encryption"), StandardCharsets.UTF_8), "AES256");
            }
        });
        told("a reader reads and does not write, and a wrong secret does neither", () -> {
            try (FileSystem reader = system(words[5], words[6]); FileSystem wrong = system(words[3], "x".repeat(40))) {
                same(Arrays.equals(read(reader, "/a/bigger"), big), true);
                refused(java.nio.file.AccessDeniedException.class, () -> write(reader, "/refused", new byte[] {1}));
                refused(java.nio.file.AccessDeniedException.class, () -> read(wrong, "/a/bigger"));
            }
            same(fs.exists(new Path("/refused")), false);
        });
        fs.delete(new Path("/"), true);
        fs.close();
        System.exit(0);
    }
}
