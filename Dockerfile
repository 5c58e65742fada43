# Two images from one build: the host (the default) and, with --target auditor, the command line that audits it and can be its witness.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
ENV CI=true DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
COPY . .
RUN dotnet publish src/Marketplace.Web -c Release -o /out/app \
 && dotnet publish src/Marketplace.Auditor -c Release -o /out/auditor

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS runtime
RUN apt-get update \
 && apt-get install -y --no-install-recommends coinor-libclp1 \
 && rm -rf /var/lib/apt/lists/*

FROM runtime AS auditor
WORKDIR /auditor
COPY --from=build /out/auditor .
# A witness must remember what it cosigned: this folder outlives the container.
RUN mkdir /state && chown $APP_UID /state
VOLUME /state
USER $APP_UID
EXPOSE 7171
ENTRYPOINT ["dotnet", "/auditor/Marketplace.Auditor.dll"]

FROM runtime AS app
# Bills become PDFs by WeasyPrint, a program of its own.
RUN apt-get update \
 && apt-get install -y --no-install-recommends weasyprint fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /out/app .
# The keys of sign-in cookies: shared by all nodes of one installation.
RUN mkdir /keys && chown $APP_UID /keys
VOLUME /keys
ENV ASPNETCORE_URLS=http://+:8080 DataProtection__Directory=/keys
USER $APP_UID
EXPOSE 8080
# First start migrates the database before it listens.
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["dotnet", "/app/Marketplace.Web.dll"]
CMD ["serve"]
