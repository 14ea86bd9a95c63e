import time
import urllib.error
import urllib.request

from stage import body_of, check, equal


def call(url, method="GET", data=None, headers={}):
    request = urllib.request.Request(url, method=method, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), dict(error.headers)


@check("presigned addresses read, head, write and delete, for anybody who has them")
def all_methods(stage):
    s3 = stage.owner
    key = "folder/ü+ key?#.txt"
    with stage.bucket() as name:
        at = {"Bucket": name, "Key": key}
        put = s3.generate_presigned_url("put_object", Params={**at, "ContentType": "text/plain"}, ExpiresIn=60)
        equal(call(put, "PUT", b"by address", {"Content-Type": "text/plain"})[0], 200)
        got = s3.get_object(**at)
        equal((body_of(got), got["ContentType"]), (b"by address", "text/plain"))
        get = s3.generate_presigned_url("get_object", Params={**at, "ResponseContentType": "a/b"}, ExpiresIn=60)
        status, body, headers = call(get)
        equal((status, body, headers["Content-Type"]), (200, b"by address", "a/b"))
        equal(call(get, headers={"Range": "bytes=3-9"})[:2], (206, b"address"))
        equal(call(s3.generate_presigned_url("head_object", Params=at), "HEAD")[0], 200)
        equal(call(s3.generate_presigned_url("list_objects_v2", Params={"Bucket": name}))[0], 200)
        equal(call(s3.generate_presigned_url("delete_object", Params=at), "DELETE")[0], 204)
        equal(call(get)[0], 404)


@check("presigned addresses that are altered, old, or used for something else are refused")
def refusals(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        s3.put_object(Bucket=name, Key="k", Body=b"x")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "k"}, ExpiresIn=60)
        for altered in (url.replace("/k?", "/l?"), url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"), url[:-4] + "0000", url + "&versionId=null"):
            status, body, _ = call(altered)
            equal((status, b"SignatureDoesNotMatch" in body), (403, True))
        equal(call(url, "PUT", b"y")[0], 403)
        equal(call(url.replace("X-Amz-Expires=60", "X-Amz-Expires=9999999"))[0], 403)
        short = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "k"}, ExpiresIn=1)
        time.sleep(2.5)
        status, body, _ = call(short)
        equal((status, b"Request has expired" in body), (403, True))
        equal(call(url)[:2], (200, b"x"))


@check("a presigned address ends with the credential that made it")
def revoked(stage):
    credential = stage.credential("--role", "editor")
    with stage.bucket() as name:
        stage.owner.put_object(Bucket=name, Key="k", Body=b"x")
        url = stage.client(credential).generate_presigned_url("get_object", Params={"Bucket": name, "Key": "k"})
        equal(call(url)[:2], (200, b"x"))
        stage.gamut("credential", "revoke", credential["id"])
        equal(call(url)[0], 403)
