# The image of a release: the static binary, with the certificates of public
# certificate authorities and a user that is not root. To run a program under
# otel-genai in an image of your own:
#     COPY --from=ghcr.io/otel-genai/otel-genai /usr/bin/otel-genai /usr/bin/
FROM gcr.io/distroless/static-debian12:nonroot
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/otel-genai /usr/bin/otel-genai
COPY LICENSE /usr/share/doc/otel-genai/copyright
ENTRYPOINT ["/usr/bin/otel-genai"]
