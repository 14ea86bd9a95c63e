// Drives the storage service by minio-go, unmodified; prints a check per line. Its input names credentials.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/encrypt"
	"github.com/minio/minio-go/v7/pkg/lifecycle"
	"github.com/minio/minio-go/v7/pkg/tags"
)

type credential struct {
	S3 struct{ AccessKeyId, SecretAccessKey, Region, Endpoint string }
}

var given struct{ Owner, Reader, Stranger credential }
var bucket = fmt.Sprintf("conform-%d", time.Now().UnixNano())
var owner *minio.Client

func client(c credential) *minio.Client {
	made, err := minio.New(strings.TrimPrefix(c.S3.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(c.S3.AccessKeyId, c.S3.SecretAccessKey, ""), Region: c.S3.Region, TrailingHeaders: true, MaxRetries: 1,
	})
	must(err)
	return made
}

// A failure inside a step ends the step.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func equal(got, wanted any) {
	left, right := fmt.Sprint(got), fmt.Sprint(wanted)
	if left != right {
		panic(fmt.Errorf("got %.300s, wanted %.300s", left, right))
	}
}

func refused(code string, err error) {
	if found := minio.ToErrorResponse(err).Code; err == nil || found != code {
		panic(fmt.Errorf("refused with %q (%v), not %s", found, err, code))
	}
}

func told(title string, step func(context.Context)) {
	within, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	line := map[string]any{"title": title, "ok": true}
	func() {
		defer func() {
			if why := recover(); why != nil {
				line["ok"], line["detail"] = false, fmt.Sprint(why)
			}
		}()
		step(within)
	}()
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func bytesOf(seed int64, size int) []byte {
	made := make([]byte, size)
	rand.New(rand.NewSource(seed)).Read(made)
	return made
}

func put(within context.Context, key string, body []byte, options minio.PutObjectOptions) minio.UploadInfo {
	info, err := owner.PutObject(within, bucket, key, bytes.NewReader(body), int64(len(body)), options)
	must(err)
	return info
}

func get(within context.Context, key string, options minio.GetObjectOptions) []byte {
	object, err := owner.GetObject(within, bucket, key, options)
	must(err)
	body, err := io.ReadAll(object)
	must(err)
	return body
}

func keys(within context.Context, options minio.ListObjectsOptions) string {
	var found []string
	for object := range owner.ListObjects(within, bucket, options) {
		must(object.Err)
		found = append(found, object.Key)
	}
	return strings.Join(found, " ")
}

func buckets(within context.Context) {
	must(owner.MakeBucket(within, bucket, minio.MakeBucketOptions{}))
	// In S3's oldest region, the default one here, an owner may make a bucket again.
	must(owner.MakeBucket(within, bucket, minio.MakeBucketOptions{}))
	there, err := owner.BucketExists(within, bucket)
	must(err)
	equal(there, true)
	there, err = owner.BucketExists(within, bucket+"-other")
	must(err)
	equal(there, false)
	all, err := owner.ListBuckets(within)
	must(err)
	equal(strings.Contains(fmt.Sprint(all), bucket), true)
}

func objects(within context.Context) {
	for _, size := range []int{0, 1, 1024, 1025, 65_536, 1_048_577} {
		body := bytesOf(int64(size), size)
		key := fmt.Sprint("size/", size)
		put(within, key, body, minio.PutObjectOptions{ContentType: "text/x-kind", UserMetadata: map[string]string{"Colour": "red"}})
		equal(bytes.Equal(get(within, key, minio.GetObjectOptions{}), body), true)
		info, err := owner.StatObject(within, bucket, key, minio.StatObjectOptions{})
		must(err)
		equal([]any{info.Size, info.ContentType, info.UserMetadata["Colour"]}, []any{size, "text/x-kind", "red"})
	}
	_, err := owner.StatObject(within, bucket, "none", minio.StatObjectOptions{})
	refused("NoSuchKey", err)
}

func parts(within context.Context) {
	body := bytesOf(7, 40<<20+7)
	info := put(within, "big", body, minio.PutObjectOptions{PartSize: 5 << 20, NumThreads: 4, ConcurrentStreamParts: true})
	equal(strings.HasSuffix(info.ETag, "-9"), true)
	equal(bytes.Equal(get(within, "big", minio.GetObjectOptions{}), body), true)
	object, err := owner.GetObject(within, bucket, "big", minio.GetObjectOptions{})
	must(err)
	piece := make([]byte, 70_000)
	_, err = object.ReadAt(piece, 17_000_001)
	must(err)
	equal(bytes.Equal(piece, body[17_000_001:17_070_001]), true)
	_, err = owner.ComposeObject(within, minio.CopyDestOptions{Bucket: bucket, Object: "composed"},
		minio.CopySrcOptions{Bucket: bucket, Object: "big", MatchRange: true, Start: 0, End: 6<<20 - 1},
		minio.CopySrcOptions{Bucket: bucket, Object: "big", MatchRange: true, Start: 6 << 20, End: int64(len(body)) - 1})
	must(err)
	equal(bytes.Equal(get(within, "composed", minio.GetObjectOptions{}), body), true)
	// Of a length that nobody knows, it goes up in parts as well.
	_, err = owner.PutObject(within, bucket, "stream", io.MultiReader(bytes.NewReader(body[:11<<20])), -1, minio.PutObjectOptions{PartSize: 5 << 20})
	must(err)
	equal(bytes.Equal(get(within, "stream", minio.GetObjectOptions{}), body[:11<<20]), true)
}

func checksums(within context.Context) {
	body := bytesOf(3, 6<<20)
	for _, kind := range []minio.ChecksumType{minio.ChecksumCRC32, minio.ChecksumCRC32C, minio.ChecksumSHA1, minio.ChecksumSHA256, minio.ChecksumCRC64NVME} {
		put(within, "summed", body, minio.PutObjectOptions{Checksum: kind})
		info, err := owner.StatObject(within, bucket, "summed", minio.StatObjectOptions{Checksum: true})
		must(err)
		sum := map[string]string{"CRC32": info.ChecksumCRC32, "CRC32C": info.ChecksumCRC32C, "SHA1": info.ChecksumSHA1, "SHA256": info.ChecksumSHA256, "CRC64NVME": info.ChecksumCRC64NVME}[kind.String()]
		wanted, err := kind.ChecksumReader(bytes.NewReader(body))
		must(err)
		equal(sum, wanted.Encoded())
	}
	attributes, err := owner.GetObjectAttributes(within, bucket, "summed", minio.ObjectAttributesOptions{})
	must(err)
	equal([]any{attributes.ObjectSize, attributes.Checksum.ChecksumCRC64NVME != ""}, []any{len(body), true})
}

func conditions(within context.Context) {
	first := put(within, "if", []byte("first"), minio.PutObjectOptions{})
	var options minio.PutObjectOptions
	options.SetMatchETagExcept("*")
	_, err := owner.PutObject(within, bucket, "if", strings.NewReader("second"), 6, options)
	refused("PreconditionFailed", err)
	options = minio.PutObjectOptions{}
	options.SetMatchETag(first.ETag)
	put(within, "if", []byte("second"), options)
	_, err = owner.PutObject(within, bucket, "if", strings.NewReader("third"), 5, options)
	refused("PreconditionFailed", err)
	var reading minio.GetObjectOptions
	must(reading.SetMatchETag(first.ETag))
	_, err = owner.StatObject(within, bucket, "if", reading)
	refused("PreconditionFailed", err)
	reading = minio.GetObjectOptions{}
	must(reading.SetRange(2, 4))
	equal(string(get(within, "if", reading)), "con")
}

func lists(within context.Context) {
	for at := range 25 {
		put(within, fmt.Sprintf("list/%d/%02d", at%3, at), []byte("x"), minio.PutObjectOptions{})
	}
	equal(keys(within, minio.ListObjectsOptions{Prefix: "list/"}), "list/0/ list/1/ list/2/")
	whole := keys(within, minio.ListObjectsOptions{Prefix: "list/", Recursive: true})
	equal(len(strings.Fields(whole)), 25)
	for _, options := range []minio.ListObjectsOptions{{MaxKeys: 7}, {UseV1: true, MaxKeys: 3}, {WithMetadata: true}} {
		options.Prefix, options.Recursive = "list/", true
		equal(keys(within, options), whole)
	}
	equal(keys(within, minio.ListObjectsOptions{Prefix: "list/", Recursive: true, StartAfter: "list/2/20"}), "list/2/23")
}

func oddKeys(within context.Context) {
	odd := []string{"with space", "plus+and&", "percent%20", "ünïcödé/日本語", "emoji-😀", "quote'\"`", "<xml>", "a=b;c", "a//b", "back\\slash", "{}[]|~^"}
	for _, key := range odd {
		put(within, "odd/"+key, []byte(key), minio.PutObjectOptions{})
		equal(string(get(within, "odd/"+key, minio.GetObjectOptions{})), key)
	}
	equal(len(strings.Split(keys(within, minio.ListObjectsOptions{Prefix: "odd/", Recursive: true}), "odd/"))-1, len(odd))
}

func configuration(within context.Context) {
	made, err := tags.NewTags(map[string]string{"kind": "a b", "sign": "+"}, true)
	must(err)
	must(owner.PutObjectTagging(within, bucket, "if", made, minio.PutObjectTaggingOptions{}))
	found, err := owner.GetObjectTagging(within, bucket, "if", minio.GetObjectTaggingOptions{})
	must(err)
	equal(found.ToMap(), made.ToMap())
	rules := lifecycle.NewConfiguration()
	rules.Rules = []lifecycle.Rule{{ID: "old", Status: "Enabled", RuleFilter: lifecycle.Filter{Prefix: "old/"}, Expiration: lifecycle.Expiration{Days: 30}}}
	must(owner.SetBucketLifecycle(within, bucket, rules))
	kept, err := owner.GetBucketLifecycle(within, bucket)
	must(err)
	equal([]any{kept.Rules[0].ID, int(kept.Rules[0].Expiration.Days)}, []any{"old", 30})
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::%s/public/*"]}]}`, bucket)
	must(owner.SetBucketPolicy(within, bucket, policy))
	put(within, "public/k", []byte("for all"), minio.PutObjectOptions{})
	answer, err := http.Get(given.Owner.S3.Endpoint + "/" + bucket + "/public/k")
	must(err)
	body, _ := io.ReadAll(answer.Body)
	equal(string(body), "for all")
}

func versions(within context.Context) {
	must(owner.EnableVersioning(within, bucket))
	first := put(within, "versioned", []byte("first"), minio.PutObjectOptions{})
	put(within, "versioned", []byte("second"), minio.PutObjectOptions{})
	must(owner.RemoveObject(within, bucket, "versioned", minio.RemoveObjectOptions{}))
	_, err := owner.StatObject(within, bucket, "versioned", minio.StatObjectOptions{})
	refused("NoSuchKey", err)
	equal(string(get(within, "versioned", minio.GetObjectOptions{VersionID: first.VersionID})), "first")
	equal(keys(within, minio.ListObjectsOptions{Prefix: "versioned", WithVersions: true}), "versioned versioned versioned")
}

func encrypted(within context.Context) {
	key, err := encrypt.NewSSEC(bytesOf(9, 32))
	must(err)
	put(within, "sealed", []byte("sealed"), minio.PutObjectOptions{ServerSideEncryption: encrypt.NewSSE()})
	equal(string(get(within, "sealed", minio.GetObjectOptions{})), "sealed")
	secure, err := minio.New(strings.TrimPrefix(given.Owner.S3.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(given.Owner.S3.AccessKeyId, given.Owner.S3.SecretAccessKey, ""), Region: given.Owner.S3.Region, Secure: true,
	})
	must(err)
	_, err = secure.PutObject(within, bucket, "own", strings.NewReader("own key"), 7, minio.PutObjectOptions{ServerSideEncryption: key})
	must(err)
	object, err := secure.GetObject(within, bucket, "own", minio.GetObjectOptions{ServerSideEncryption: key})
	must(err)
	body, err := io.ReadAll(object)
	must(err)
	equal(string(body), "own key")
	_, err = secure.StatObject(within, bucket, "own", minio.StatObjectOptions{})
	equal(err != nil, true)
}

func presigned(within context.Context) {
	address, err := owner.PresignedGetObject(within, bucket, "if", time.Minute, url.Values{"response-content-type": {"text/x-other"}})
	must(err)
	answer, err := http.Get(address.String())
	must(err)
	body, _ := io.ReadAll(answer.Body)
	equal([]any{answer.StatusCode, answer.Header.Get("Content-Type"), string(body)}, []any{200, "text/x-other", "second"})
	address, err = owner.PresignedPutObject(within, bucket, "by address", time.Minute)
	must(err)
	request, _ := http.NewRequest("PUT", address.String(), strings.NewReader("put"))
	answer, err = http.DefaultClient.Do(request)
	must(err)
	equal(answer.StatusCode, 200)
	equal(string(get(within, "by address", minio.GetObjectOptions{})), "put")
	_, err = http.Get(strings.Replace(address.String(), "Expires=60", "Expires=61", 1))
	must(err)
}

func refusals(within context.Context) {
	wrong := given.Owner
	wrong.S3.SecretAccessKey = strings.Repeat("x", 40)
	reader := client(given.Reader)
	_, err := reader.StatObject(within, bucket, "if", minio.StatObjectOptions{})
	must(err)
	_, err = reader.PutObject(within, bucket, "if", strings.NewReader("x"), 1, minio.PutObjectOptions{})
	refused("AccessDenied", err)
	_, err = client(given.Stranger).PutObject(within, bucket, "if", strings.NewReader("x"), 1, minio.PutObjectOptions{})
	refused("AccessDenied", err)
	_, err = client(wrong).PutObject(within, bucket, "if", strings.NewReader("x"), 1, minio.PutObjectOptions{})
	refused("SignatureDoesNotMatch", err)
	equal(string(get(within, "if", minio.GetObjectOptions{})), "second")
}

func clears(within context.Context) {
	refused("BucketNotEmpty", owner.RemoveBucket(within, bucket))
	for failure := range owner.RemoveObjects(within, bucket, owner.ListObjects(within, bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}), minio.RemoveObjectsOptions{}) {
		panic(failure.Err)
	}
	must(owner.RemoveBucket(within, bucket))
}

func main() {
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(errors.New("its input is JSON"))
	}
	owner = client(given.Owner)
	told("buckets are made, found and listed", buckets)
	told("objects of every size return as they were stored, with type and metadata", objects)
	told("40 MiB go up in parts side by side, are read at a place, and composed on the server", parts)
	told("checksums of all five kinds go behind the body and are told again", checksums)
	told("writes and reads keep their conditions", conditions)
	told("lists of both versions, in pages of every size, join to the same list", lists)
	told("keys of every odd kind are stored, read and listed", oddKeys)
	told("tags, lifecycle and policy are set and hold", configuration)
	told("versions are kept, listed and read", versions)
	told("objects are encrypted under the platform's keys, and under a caller's own over TLS", encrypted)
	told("presigned addresses read and write for anybody", presigned)
	told("a reader reads and does not write; a stranger and a wrong secret are refused", refusals)
	told("a bucket is cleared by lists of versions, and removed", clears)
}
