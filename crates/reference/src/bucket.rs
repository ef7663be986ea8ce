//! Access points and the buckets behind them (`S3-6`).

/// What a request for an access point asks of the bucket behind it: an object of the bucket, or the bucket
/// itself.
pub(crate) fn resource_behind(access_point: &str, bucket: &str) -> String {
    let name_and_rest = access_point
        .split_once("accesspoint/")
        .map_or("", |(_, name_and_rest)| name_and_rest);
    let Some((_, rest)) = name_and_rest.split_once('/') else {
        return bucket.to_owned();
    };
    let key = rest.strip_prefix("object/").unwrap_or(rest);
    match bucket.contains(":s3:::") {
        true => format!("{bucket}/{key}"),
        // Buckets on Outposts and directory buckets have ARNs of another form.
        false => format!("{bucket}/object/{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_6_objects_behind_access_points() {
        let point = "arn:aws:s3:us-east-2:111122223333:accesspoint/ap1";
        let behind = |rest: &str| resource_behind(&format!("{point}{rest}"), "arn:aws:s3:::b");
        assert_eq!(behind(""), "arn:aws:s3:::b");
        assert_eq!(behind("/object/secret/y"), "arn:aws:s3:::b/secret/y");
        assert_eq!(behind("/object//object/y"), "arn:aws:s3:::b//object/y");
        assert_eq!(behind("/object/"), "arn:aws:s3:::b/");
        let outpost = "arn:aws:s3-outposts:us-east-2:111122223333:outpost/op-1";
        assert_eq!(
            resource_behind(
                &format!("{outpost}/accesspoint/ap/object/k"),
                &format!("{outpost}/bucket/b")
            ),
            format!("{outpost}/bucket/b/object/k")
        );
    }
}
